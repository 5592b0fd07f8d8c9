//! The calls of a simulated phone, as far as its keys and its remote control see them.
//!
//! Nobody is at the other end: whoever is called answers after a moment.

/// The calls of a phone, and what was typed for the next one.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    list: Vec<Call>,
    /// The id that the next call has, with or without the sign of one that comes in.
    next: i32,
    typed: String,
    /// Whether the next number is whom the call goes to.
    transferring: bool,
    /// Whether the phone asks which call a transfer means.
    asks: bool,
    transferred: Vec<(String, String)>,
}

/// A call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    /// Its id: negative if it came in.
    pub id: i32,
    /// Who is at the other end.
    pub number: String,
    /// How it stands.
    pub standing: Standing,
    /// The digits that were sent in it.
    pub sent: String,
}

/// How a call stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// The other end rings.
    Calling,
    /// Both talk.
    Connected,
    /// It waits.
    Held,
    /// The phone rings.
    Ringing,
}

impl Calls {
    /// Returns all calls, oldest first.
    pub fn all(&self) -> &[Call] {
        &self.list
    }

    /// Returns who was transferred to whom, oldest first.
    pub fn transferred(&self) -> &[(String, String)] {
        &self.transferred
    }

    pub(crate) fn get(&self, id: i32) -> Option<&Call> {
        self.list.iter().find(|call| call.id == id)
    }

    /// Lets somebody call.
    pub(crate) fn ring(&mut self, number: &str) -> i32 {
        self.add(number, Standing::Ringing, -1)
    }

    /// Calls somebody; the call before waits.
    pub(crate) fn dial(&mut self, number: &str) -> i32 {
        self.hold_others(0);
        self.typed.clear();
        self.add(number, Standing::Calling, 1)
    }

    /// Lets the other end answer.
    pub(crate) fn is_answered(&mut self, id: i32) {
        if self
            .get(id)
            .is_some_and(|call| call.standing == Standing::Calling)
        {
            self.put(id, Standing::Connected);
        }
    }

    /// Lets a call stand otherwise; only one is talked in.
    pub(crate) fn put(&mut self, id: i32, standing: Standing) {
        if standing == Standing::Connected {
            self.hold_others(id);
        }
        if let Some(call) = self.list.iter_mut().find(|call| call.id == id) {
            call.standing = standing;
        }
    }

    /// Ends a call.
    pub(crate) fn end(&mut self, id: i32) {
        self.list.retain(|call| call.id != id);
        self.transferring = false;
        self.asks = false;
    }

    /// Ends all calls.
    pub(crate) fn end_all(&mut self) {
        self.list.clear();
        self.transferring = false;
        self.asks = false;
    }

    /// Transfers a call to a number.
    pub(crate) fn transfer(&mut self, id: i32, number: &str) {
        if let Some(call) = self.get(id) {
            self.transferred
                .push((call.number.clone(), number.to_owned()));
        }
        self.end(id);
        self.typed.clear();
    }

    /// Joins two calls and leaves both.
    pub(crate) fn join(&mut self, held: i32, active: i32) {
        if let Some(number) = self.get(active).map(|call| call.number.clone()) {
            self.transfer(held, &number);
        }
        self.end(active);
    }

    /// Sends digits; returns whether there is a call to send them in.
    pub(crate) fn send(&mut self, id: i32, digits: &str) -> bool {
        let call = self.list.iter_mut().find(|call| call.id == id);
        let Some(call) = call.filter(|call| call.standing == Standing::Connected) else {
            return false;
        };
        call.sent.push_str(digits);
        true
    }

    /// Returns the first call that stands so.
    pub(crate) fn standing(&self, standing: Standing) -> Option<i32> {
        let mut calls = self.list.iter();
        calls
            .find(|call| call.standing == standing)
            .map(|call| call.id)
    }

    /// Adds a digit to what is typed.
    pub(crate) fn types(&mut self, digit: &str) {
        if self.typed.len() < MAX_TYPED {
            self.typed.push_str(digit);
        }
    }

    /// Takes what was typed.
    pub(crate) fn take_typed(&mut self) -> Option<String> {
        let typed = std::mem::take(&mut self.typed);
        (!typed.is_empty()).then_some(typed)
    }

    /// Begins a transfer.
    pub(crate) fn begin_transfer(&mut self) {
        self.transferring = true;
    }

    /// Returns whether the next number is whom the call goes to.
    pub(crate) fn is_transferring(&self) -> bool {
        self.transferring
    }

    /// Access which call is meant.
    pub(crate) fn ask(&mut self) {
        self.asks = true;
    }

    /// Returns whether it was asked, and asks no more.
    pub(crate) fn take_question(&mut self) -> bool {
        std::mem::take(&mut self.asks)
    }

    fn add(&mut self, number: &str, standing: Standing, sign: i32) -> i32 {
        if self.list.len() >= MAX_CALLS {
            self.list.remove(0);
        }
        self.next += 1;
        let id = self.next * sign;
        self.list.push(Call {
            id,
            number: number.to_owned(),
            standing,
            sent: String::new(),
        });
        id
    }

    fn hold_others(&mut self, id: i32) {
        for call in &mut self.list {
            if call.id != id && call.standing == Standing::Connected {
                call.standing = Standing::Held;
            }
        }
    }
}

/// The most calls of a phone.
const MAX_CALLS: usize = 12;

/// The most digits that are typed.
const MAX_TYPED: usize = 64;
