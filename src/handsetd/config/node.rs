//! The values of a file, kept small until they are read.
//!
//! A value of `config` has its origin as a text, and a table has an index and copies of its keys. For thousands of
//! phones, that is ten times as much memory as their text, although they are read one by one.

use std::sync::Arc;

use ::config::{Map, Value, ValueKind};

use super::origin;

/// A value, and where it was set.
pub(super) struct Node {
    place: Place,
    kind: NodeKind,
}

/// What a node may be. Parts are boxed in their exact number.
pub(super) enum NodeKind {
    Array(Box<[Node]>),
    Boolean(bool),
    Float(f64),
    Integer(i64),
    /// What was reported as wrong.
    Nil,
    String(Box<str>),
    /// The children, in the order of their keys.
    Table(Keys, Box<[Node]>),
}

/// The keys of a table, in order; tables in a list mostly have the same ones, and share them.
pub(super) type Keys = Arc<[Box<str>]>;

/// A line of a file.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub(super) struct Place {
    file: u32,
    line: u32,
}

impl Place {
    /// Returns a place in the file with index `order`; lines are counted from 1.
    pub(super) fn new(order: usize, line: usize) -> Self {
        let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            file: short(order),
            line: short(line),
        }
    }
}

impl Node {
    pub(super) fn new(place: Place, kind: NodeKind) -> Self {
        Self { place, kind }
    }

    /// Returns the elements of a list that holds nothing but tables, or else the node.
    pub(super) fn into_list(self) -> Result<List, Self> {
        let is_table = |node: &Self| matches!(node.kind, NodeKind::Table(..));
        match self.kind {
            NodeKind::Array(elements) if !elements.is_empty() && elements.iter().all(is_table) => {
                Ok(List {
                    place: self.place,
                    elements: elements.into_vec(),
                })
            }
            _ => Err(self),
        }
    }

    /// Returns the value that `config` has for it.
    pub(super) fn into_value(self, origins: &mut Origins) -> Value {
        let kind = match self.kind {
            NodeKind::Array(elements) => {
                let elements = elements.into_iter();
                let values = elements.map(|element| element.into_value(origins));
                ValueKind::Array(values.collect())
            }
            NodeKind::Boolean(value) => ValueKind::Boolean(value),
            NodeKind::Float(number) => ValueKind::Float(number),
            NodeKind::Integer(number) => ValueKind::I64(number),
            NodeKind::Nil => ValueKind::Nil,
            NodeKind::String(text) => ValueKind::String(text.into_string()),
            NodeKind::Table(keys, children) => {
                let mut table = Map::with_capacity(children.len());
                for (key, child) in keys.iter().zip(children) {
                    table.insert(String::from(&**key), child.into_value(origins));
                }
                ValueKind::Table(table)
            }
        };
        Value::new(Some(origins.at(self.place)), kind)
    }
}

/// A list of tables, such as all `[[phone]]`; never empty.
pub(super) struct List {
    place: Place,
    pub(super) elements: Vec<Node>,
}

impl List {
    /// Returns the value that `config` has for it.
    pub(super) fn into_value(self) -> Value {
        let kind = NodeKind::Array(self.elements.into_boxed_slice());
        Node::new(self.place, kind).into_value(&mut Origins::default())
    }
}

/// Writes the origins of values. The next one is often in the same line.
#[derive(Default)]
pub(super) struct Origins {
    text: String,
    place: Place,
}

impl Origins {
    fn at(&mut self, place: Place) -> &String {
        if place != self.place {
            self.text.clear();
            origin::write_line(place.file, place.line, &mut self.text);
            self.place = place;
        }
        &self.text
    }
}
