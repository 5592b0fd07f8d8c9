//! Which source files of a crate depend on which, read from their tokens.
//!
//! `use` declarations and qualified paths count, inside macros, too. A path through a facade leads
//! to the file that defines the item: a re-export is not a dependency of the facade. Test modules
//! and `mod` lines don't count.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The module path of a file; empty for `lib.rs`.
pub(crate) type Module = Vec<String>;

/// The dependencies of each module.
type Graph<'a> = BTreeMap<&'a Module, BTreeSet<&'a Module>>;

/// The files of a crate.
#[derive(Debug)]
pub(crate) struct Crate {
    modules: BTreeMap<Module, Source>,
}

#[derive(Debug, Default)]
struct Source {
    /// Paths that the file mentions, absolute.
    paths: BTreeSet<Vec<String>>,
    /// Names that `use` declarations bring into scope, and the absolute paths they stand for.
    names: BTreeMap<String, Vec<String>>,
    /// Modules whose items a glob brings into scope.
    globs: Vec<Vec<String>>,
    /// Names of the items that the file defines.
    items: BTreeSet<String>,
    /// Child modules that are compiled for tests only.
    tests: BTreeSet<String>,
    tokens: Vec<TokenTree>,
}

impl Crate {
    /// Reads all sources below `root`, the folder of `lib.rs`.
    pub(crate) fn read(root: &Path) -> Self {
        let mut modules = BTreeMap::new();
        visit(root, &mut |path| {
            let module = module(path.strip_prefix(root).unwrap());
            if module == ["main"] || module.last().is_some_and(|name| name == "tests") {
                return;
            }
            let text = fs::read_to_string(path).unwrap();
            let tokens: TokenStream = text.parse().unwrap();
            let mut source = Source::default();
            source.tokens = source.without_tests(tokens);
            modules.insert(module, source);
        });
        let tests: Vec<Module> = modules
            .iter()
            .flat_map(|(module, source)| source.tests.iter().map(|name| child(module, name)))
            .collect();
        modules.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        let known: BTreeSet<Module> = modules.keys().cloned().collect();
        for (module, source) in &mut modules {
            let tokens = std::mem::take(&mut source.tokens);
            source.read_uses(&tokens, module, &known);
            source.read_paths(&tokens, module, &known);
        }
        Self { modules }
    }

    /// Returns the module of each file.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &Module> {
        self.modules.keys()
    }

    /// Returns the modules on which the file of `module` depends: those that define what it names.
    pub(crate) fn dependencies(&self, module: &Module) -> BTreeSet<&Module> {
        let paths = self.modules[module].paths.iter();
        let mut found: BTreeSet<&Module> =
            paths.filter_map(|path| self.definition(path, 0)).collect();
        found.remove(module);
        found
    }

    /// Returns the paths that a file mentions, absolute within the crate.
    pub(crate) fn paths(&self, module: &Module) -> &BTreeSet<Vec<String>> {
        &self.modules[module].paths
    }

    /// Returns one cycle of files for each set of files that depend on each other: a shortest one, whose
    /// first and last file are the same.
    pub(crate) fn cycles(&self) -> Vec<Vec<Module>> {
        let graph: Graph<'_> = self
            .modules
            .keys()
            .map(|module| (module, self.dependencies(module)))
            .collect();
        let reachable: Graph<'_> = graph
            .keys()
            .map(|module| (*module, reachable(&graph, module)))
            .collect();
        let mut seen: BTreeSet<&Module> = BTreeSet::new();
        let mut cycles = Vec::new();
        for module in self.modules.keys() {
            if seen.contains(module) || !reachable[module].contains(module) {
                continue;
            }
            let others = reachable[module].iter().copied();
            seen.extend(others.filter(|other| reachable[other].contains(module)));
            cycles.push(shortest_cycle(&graph, module));
        }
        cycles
    }

    /// Finds the file that defines what `path` names, through re-exports.
    fn definition(&self, path: &[String], depth: usize) -> Option<&Module> {
        let length = (0..=path.len())
            .rev()
            .find(|length| self.modules.contains_key(&path[..*length]))?;
        let (module, source) = self.modules.get_key_value(&path[..length])?;
        let Some(name) = path.get(length).filter(|_| depth < MAX_REEXPORTS) else {
            return Some(module);
        };
        if let Some(origin) = source.names.get(name) {
            let origin = [origin, &path[length + 1..]].concat();
            return self.definition(&origin, depth + 1);
        }
        if !source.items.contains(name) {
            for glob in &source.globs {
                let origin = [&glob[..], &path[length..]].concat();
                let found = self.definition(&origin, depth + 1)?;
                if self.modules[found].items.contains(name) {
                    return Some(found);
                }
            }
        }
        Some(module)
    }
}

impl Source {
    /// Removes items under `#[cfg(test)]`, at every depth.
    fn without_tests(&mut self, tokens: TokenStream) -> Vec<TokenTree> {
        let mut kept = Vec::new();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    let Some(TokenTree::Group(attribute)) = tokens.peek() else {
                        kept.push(mark.into());
                        continue;
                    };
                    let is_test = is_test(attribute);
                    tokens.next();
                    if !is_test {
                        continue;
                    }
                    let (mut name, mut is_module) = (None, false);
                    for token in tokens.by_ref() {
                        match token {
                            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => break,
                            TokenTree::Punct(end) if end.as_char() == ';' => {
                                self.tests.extend(name.filter(|_| is_module));
                                break;
                            }
                            TokenTree::Ident(word) => {
                                is_module |= word == "mod";
                                name = Some(word.to_string());
                            }
                            _ => {}
                        }
                    }
                }
                TokenTree::Group(group) => {
                    let inside = self.without_tests(group.stream());
                    kept.push(Group::new(group.delimiter(), inside.into_iter().collect()).into());
                }
                other => kept.push(other),
            }
        }
        kept
    }

    /// Reads the `use` declarations, at every depth.
    fn read_uses(&mut self, tokens: &[TokenTree], module: &Module, known: &BTreeSet<Module>) {
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Ident(word) if *word == "use" => {
                    let reexports = at > 0 && is_visibility(&tokens[..at]);
                    let length = tokens[at..].iter().position(|token| is(token, ';'));
                    let end = at + length.unwrap_or(tokens.len() - at);
                    let mut list = Vec::new();
                    tree(&tokens[at + 1..end], &[], &mut list);
                    for (path, name) in list {
                        self.import(&path, name, reexports, module, known);
                    }
                    at = end;
                }
                TokenTree::Group(group) => {
                    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.read_uses(&inside, module, known);
                }
                _ => {}
            }
            at += 1;
        }
    }

    fn import(
        &mut self,
        path: &[String],
        name: Option<String>,
        reexports: bool,
        module: &Module,
        known: &BTreeSet<Module>,
    ) {
        let Some(path) = absolute(path, module, known) else {
            return;
        };
        let Some(name) = name else {
            if !reexports {
                self.paths.insert(path.clone());
            }
            self.globs.push(path);
            return;
        };
        // Importing a module alone creates no dependency; using its items does.
        if !reexports && !known.contains(&path) {
            self.paths.insert(path.clone());
        }
        self.names.insert(name, path);
    }

    /// Reads the qualified paths outside of `use` declarations, at every depth.
    fn read_paths(&mut self, tokens: &[TokenTree], module: &Module, known: &BTreeSet<Module>) {
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Ident(word) if *word == "use" => {
                    let length = tokens[at..].iter().position(|token| is(token, ';'));
                    at += length.unwrap_or(tokens.len() - at);
                }
                TokenTree::Ident(_) => {
                    let mut path = Vec::new();
                    while let Some(TokenTree::Ident(word)) = tokens.get(at) {
                        path.push(word.to_string());
                        if !is_separator(tokens, at + 1) {
                            break;
                        }
                        at += 3;
                    }
                    if DEFINING.contains(&path[0].as_str())
                        && let Some(TokenTree::Ident(name)) = tokens.get(at + 1)
                    {
                        self.items.insert(name.to_string());
                    }
                    if path == ["mod"] {
                        // A module may have the name of an item that is imported from it.
                        at += 2;
                        continue;
                    }
                    let path = match self.names.get(&path[0]) {
                        Some(start) => Some([&start[..], &path[1..]].concat()),
                        None if path.len() > 1 => absolute(&path, module, known),
                        None => None,
                    };
                    // The name of an imported module alone may as well be that of a variable.
                    self.paths.extend(path.filter(|path| !known.contains(path)));
                    if !matches!(tokens.get(at), Some(TokenTree::Ident(_))) {
                        continue;
                    }
                }
                TokenTree::Group(group) => {
                    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.read_paths(&inside, module, known);
                }
                _ => {}
            }
            at += 1;
        }
    }
}

/// Returns the modules on which `start` depends, directly or not.
fn reachable<'a>(graph: &Graph<'a>, start: &Module) -> BTreeSet<&'a Module> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Module> = graph[start].iter().copied().collect();
    while let Some(module) = open.pop() {
        if found.insert(module) {
            open.extend(&graph[module]);
        }
    }
    found
}

/// Returns a shortest path from a module back to itself.
fn shortest_cycle(graph: &Graph<'_>, start: &Module) -> Vec<Module> {
    let mut paths = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(path) = paths.pop_front() {
        for next in graph[*path.last().unwrap()].iter().copied() {
            let longer = [&path[..], &[next]].concat();
            if next == start {
                return longer.into_iter().cloned().collect();
            }
            if seen.insert(next) {
                paths.push_back(longer);
            }
        }
    }
    panic!("{start:?} is not on a cycle");
}

/// Reads the tree of a `use` declaration: each path with the name that it brings into scope, `None` for
/// a glob.
fn tree(tokens: &[TokenTree], start: &[String], list: &mut Vec<(Vec<String>, Option<String>)>) {
    for part in tokens.split(|token| is(token, ',')) {
        let mut path = start.to_vec();
        let mut name = None;
        let mut words = part.iter();
        let mut is_glob = false;
        let mut is_list = false;
        while let Some(token) = words.next() {
            match token {
                TokenTree::Ident(word) if *word == "as" => {
                    name = words.next().map(ToString::to_string);
                }
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Punct(mark) if mark.as_char() == '*' => is_glob = true,
                TokenTree::Group(group) => {
                    is_list = true;
                    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                    tree(&inside, &path, list);
                }
                _ => {}
            }
        }
        if is_list || path.is_empty() {
            continue;
        }
        // `a::{self}` is `a`.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let name = if is_glob {
            None
        } else {
            name.or_else(|| path.last().cloned())
        };
        list.push((path, name));
    }
}

/// Returns a path from the root of the crate, or none if it leads out of the crate.
fn absolute(path: &[String], module: &Module, known: &BTreeSet<Module>) -> Option<Vec<String>> {
    let mut base = module.clone();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => {
            base.clear();
            rest = &rest[1..];
        }
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|word| word == "super") {
                base.pop()?;
                rest = &rest[1..];
            }
        }
        name if known.contains(&child(module, name)) => {}
        _ => return None,
    }
    base.extend_from_slice(rest);
    Some(base)
}

fn child(module: &Module, name: &str) -> Module {
    let mut child = module.clone();
    child.push(name.to_owned());
    child
}

fn is(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |at: usize| tokens.get(at).is_some_and(|token| is(token, ':'));
    colon(at) && colon(at + 1) && matches!(tokens.get(at + 2), Some(TokenTree::Ident(_)))
}

/// Tells whether the tokens before a `use` end in `pub` or `pub(…)`.
fn is_visibility(tokens: &[TokenTree]) -> bool {
    let is_pub =
        |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Ident(word)) if *word == "pub");
    match tokens.last() {
        Some(TokenTree::Group(_)) => is_pub(tokens.iter().rev().nth(1)),
        last => is_pub(last),
    }
}

/// Tells whether an attribute is `cfg(test)` or a condition that mentions `test`.
fn is_test(attribute: &Group) -> bool {
    let text = attribute.stream().to_string();
    text.starts_with("cfg")
        && text
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word == "test")
}

/// Returns the module path of a file.
fn module(path: &Path) -> Module {
    let path = path.with_extension("");
    let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
    let names: Module = names.collect();
    if names == ["lib"] { Vec::new() } else { names }
}

/// Calls `found` with every Rust file below a folder.
fn visit(folder: &Path, found: &mut impl FnMut(&PathBuf)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found(&path);
        }
    }
}

/// Keywords that a name of an item follows.
const DEFINING: &[&str] = &[
    "const",
    "enum",
    "fn",
    "macro_rules",
    "static",
    "struct",
    "trait",
    "type",
    "union",
];

/// Depth at which a chain of re-exports must be a cycle.
const MAX_REEXPORTS: usize = 8;
