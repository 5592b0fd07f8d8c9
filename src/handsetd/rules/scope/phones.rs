//! `phone`, the phone that the event is about, and `phones`, all others.

use std::sync::{Arc, OnceLock};

use handset_phones::phone::ServerName;
use minijinja::value::{Enumerator, Object, Value};
use parking_lot::Mutex;

use crate::rules::context::{PhoneTable, PhoneView};
use crate::rules::fact::Fact;
use crate::rules::language::PHONE;

/// A phone. That of the event is looked up when it is first used.
#[derive(Debug)]
pub(super) struct Phone {
    view: OnceLock<PhoneView>,
    event: Option<(Fact, PhoneTable)>,
}

impl Phone {
    /// Returns the phone that `fact` is about.
    pub(super) fn of_event(fact: &Fact, table: &PhoneTable) -> Self {
        Self {
            view: OnceLock::new(),
            event: Some((fact.clone(), table.clone())),
        }
    }

    fn view(&self) -> &PhoneView {
        self.view.get_or_init(|| match &self.event {
            Some((fact, table)) => table.of_event(fact),
            None => PhoneView::default(),
        })
    }
}

impl From<PhoneView> for Phone {
    fn from(view: PhoneView) -> Self {
        Self {
            view: OnceLock::from(view),
            event: None,
        }
    }
}

impl Object for Phone {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.view().field(key.as_str()?).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(PHONE)
    }

    /// Renders `{{ phone }}` as its name.
    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.view().field("name").unwrap_or_default())
    }
}

/// All phones, by whatever `phone=` takes.
#[derive(Debug)]
pub(super) struct Phones {
    server: Option<ServerName>,
    table: PhoneTable,
    /// The last name that was not found.
    unknown: Mutex<Option<String>>,
}

impl Phones {
    /// Returns the phones as an event of `server` names them.
    pub(super) fn new(server: Option<&ServerName>, table: &PhoneTable) -> Self {
        Self {
            server: server.cloned(),
            table: table.clone(),
            unknown: Mutex::new(None),
        }
    }

    /// Returns the last name that was not found.
    pub(super) fn unknown(&self) -> Option<String> {
        self.unknown.lock().clone()
    }
}

impl Object for Phones {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        // `phones[1002]` means `phones["1002"]`.
        let number = key.is_integer().then(|| key.to_string());
        let name = key.as_str().or(number.as_deref())?;
        let found = self.table.find(name, self.server.as_ref());
        if found.is_none() {
            *self.unknown.lock() = Some(name.to_owned());
        }
        found.map(|view| Value::from_object(Phone::from(view)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}
