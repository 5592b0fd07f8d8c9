//! The READMEs of the crates name tests for their guarantees; each of them exists.

use std::fs;
use std::path::Path;

#[test]
fn tests_named_in_the_readmes_exist() {
    for (name, least) in [("agi", 20), ("ami", 20), ("cluster", 10)] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name);
        let mut sources = String::new();
        read_sources(&folder, &mut sources);
        let readme = fs::read_to_string(folder.join("README.md")).unwrap();
        let guarantees = readme.split("## Guarantees").nth(1).unwrap();
        let quoted = guarantees.split('`').skip(1).step_by(2);
        let tests: Vec<&str> = quoted.filter(|text| text.contains('_')).collect();
        assert!(tests.len() > least, "{name}: {tests:?}");
        for test in tests {
            assert!(sources.contains(&format!("fn {test}(")), "{name}: {test}");
        }
    }
}

fn read_sources(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_sources(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
