//! Keeps the README in step with the tests.

use std::fs;
use std::path::Path;

#[test]
fn tests_named_in_the_readme_exist() {
    let mut sources = String::new();
    read(Path::new(env!("CARGO_MANIFEST_DIR")), &mut sources);
    let guarantees = include_str!("README.md").split("## Guarantees").nth(1);
    let quoted = guarantees.unwrap().split('`').skip(1).step_by(2);
    let names: Vec<&str> = quoted.filter(|text| text.contains('_')).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(sources.contains(&format!("fn {name}(")), "{name}");
    }
}

fn read(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
