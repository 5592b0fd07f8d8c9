//! Which connections a listener has, and which of them makes room for the next one.
//!
//! A connection is idle while it has no complete request, before the first one as well as between two.
//! When there is no room, the address with most connections loses the one that has been idle longest.
//! So silent connections, however many and from wherever, keep no other client out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How many connections a listener serves at once, and who makes room when there are more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Capacity {
    /// Maximum number of connections.
    pub total: usize,
    /// Maximum number of connections per address.
    pub each: usize,
    /// Slots out of `total` that only trusted connections keep. If there are any, untrusted
    /// connections make room even while a request of theirs is in progress.
    pub reserved: usize,
    /// How long the request of an address with many connections may take when others find no room;
    /// `None` means that requests are never interrupted.
    pub grace: Option<Duration>,
    /// How long a client waits for room before its connection is closed.
    pub wait: Duration,
}

/// Number of a connection, in the order of their arrival.
pub(super) type Id = u64;

/// The connections of a listener.
#[derive(Debug)]
pub(super) struct Table {
    capacity: Capacity,
    /// Numbers connections and their changes, so that the oldest can be found.
    clock: u64,
    members: HashMap<Id, Member>,
    groups: HashMap<IpAddr, Group>,
    /// The addresses with connections of each class, those with most connections last.
    ranking: [BTreeSet<Rank>; CLASSES],
    untrusted: usize,
    /// Connections that have not ended, including evicted ones.
    open: usize,
}

/// Connections of an address, its connection that has been in the class longest, and the address.
type Rank = (usize, Reverse<u64>, IpAddr);

#[derive(Debug)]
struct Member {
    key: IpAddr,
    state: State,
    evicted: CancellationToken,
}

/// What decides whether a connection may be evicted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct State {
    /// Whether what it has sent so far was read. Until then it is not evicted.
    is_started: bool,
    is_active: bool,
    is_trusted: bool,
    /// When it became active or idle, by the clock of the table and by that of the machine.
    since: (u64, Instant),
}

/// The connections of one address.
#[derive(Debug, Default)]
struct Group {
    connections: usize,
    /// Those that have not started.
    fresh: usize,
    classes: [BTreeMap<u64, Id>; CLASSES],
}

/// Connections that may be evicted, in the order in which they are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Class {
    Idle = 0,
    Active = 1,
    TrustedIdle = 2,
}

const CLASSES: usize = 3;

/// The answer to a new connection.
#[derive(Debug)]
pub(super) enum Admission {
    /// It has a slot, until the token is cancelled.
    Admitted(Id, CancellationToken),
    /// Its address has had its share.
    Rejected,
    /// There is no room before something changes, or before this moment.
    Wait(Option<Instant>),
    /// There is no room for any client before a connection has ended.
    Full,
}

impl Table {
    pub(super) fn new(capacity: Capacity) -> Self {
        Self {
            capacity,
            clock: 0,
            members: HashMap::new(),
            groups: HashMap::new(),
            ranking: Default::default(),
            untrusted: 0,
            open: 0,
        }
    }

    /// Gives a connection from `peer` a slot if there is one, or if another connection can be evicted.
    pub(super) fn admit(&mut self, peer: IpAddr, now: Instant) -> Admission {
        let key = rate_limit_key(peer);
        let Capacity {
            total,
            each,
            reserved,
            ..
        } = self.capacity;
        if self.open >= total.saturating_add(OVERFLOW) {
            return Admission::Full;
        }
        let own = self.connections(key);
        let is_full = self.members.len() >= total;
        if own >= each && each < total {
            match self.own_candidate(key) {
                Some(id) => self.evict(id),
                None if self.has_fresh(key) => return Admission::Wait(None),
                None => return Admission::Rejected,
            }
        } else if is_full || (reserved > 0 && self.untrusted >= total.saturating_sub(reserved)) {
            match self.candidate(key, is_full, now) {
                Ok(id) => self.evict(id),
                Err(wait) => return wait,
            }
        }
        let (id, evicted) = (self.tick(), CancellationToken::new());
        let member = Member {
            key,
            state: State {
                is_started: false,
                is_active: false,
                is_trusted: false,
                since: (id, now),
            },
            evicted: evicted.clone(),
        };
        self.open += 1;
        self.insert(id, member);
        Admission::Admitted(id, evicted)
    }

    /// Records that what a connection has sent so far was read.
    pub(super) fn start(&mut self, id: Id) {
        self.change(id, |state| state.is_started = true);
    }

    /// Records that a request is complete, or that its response was sent.
    pub(super) fn set_active(&mut self, id: Id, is_active: bool, now: Instant) {
        let since = (self.tick(), now);
        self.change(id, |state| {
            if state.is_active != is_active {
                (state.is_active, state.since) = (is_active, since);
            }
        });
    }

    /// Records whether the client has shown its credentials.
    pub(super) fn set_trusted(&mut self, id: Id, is_trusted: bool) {
        self.change(id, |state| state.is_trusted = is_trusted);
    }

    /// Evicts the connection that would make room for the next client, if it is idle.
    pub(super) fn evict_idle(&mut self) {
        let idle = [Class::Idle, Class::TrustedIdle];
        if let Some((_, id)) = idle.into_iter().find_map(|class| self.first_of(class)) {
            self.evict(id);
        }
    }

    /// Removes a connection that has ended, whether or not it was evicted.
    pub(super) fn end(&mut self, id: Id) {
        self.remove(id);
        self.open = self.open.saturating_sub(1);
    }

    /// Returns the connection that makes room for another one of the same address.
    fn own_candidate(&self, key: IpAddr) -> Option<Id> {
        let group = self.groups.get(&key)?;
        let oldest = |class: Class| group.classes[class as usize].values().next().copied();
        let active = || oldest(Class::Active).filter(|_| self.capacity.reserved > 0);
        oldest(Class::Idle)
            .or_else(active)
            .or_else(|| oldest(Class::TrustedIdle))
    }

    fn connections(&self, key: IpAddr) -> usize {
        self.groups.get(&key).map_or(0, |group| group.connections)
    }

    /// Returns whether an address has connections that may be evicted soon.
    fn has_fresh(&self, key: IpAddr) -> bool {
        self.groups.get(&key).is_some_and(|group| group.fresh > 0)
    }

    /// Returns the connection that makes room for one of `key`.
    fn candidate(&self, key: IpAddr, is_full: bool, now: Instant) -> Result<Id, Admission> {
        if let Some((_, id)) = self.first_of(Class::Idle) {
            return Ok(id);
        }
        let own = self.connections(key);
        let has_reserve = self.capacity.reserved > 0;
        let mut until = None;
        if let Some((connections, id)) = self.first_of(Class::Active)
            && let Some(grace) = self.capacity.grace
            && let Some(member) = self.members.get(&id)
            && (has_reserve || connections > own.saturating_add(1))
        {
            let end = member.state.since.1 + grace;
            if has_reserve || end <= now {
                return Ok(id);
            }
            until = Some(end);
        }
        if let Some((_, id)) = self.first_of(Class::TrustedIdle)
            && is_full
        {
            return Ok(id);
        }
        let has_share = own.saturating_mul(self.groups.len()) >= self.capacity.total;
        if self.capacity.grace.is_some() && !has_reserve && has_share && !self.has_fresh(key) {
            return Err(Admission::Rejected);
        }
        Err(Admission::Wait(until))
    }

    /// Returns the oldest of a class, of the address with most connections, and their number.
    fn first_of(&self, class: Class) -> Option<(usize, Id)> {
        let &(connections, Reverse(since), key) = self.ranking[class as usize].last()?;
        let id = self.groups.get(&key)?.classes[class as usize].get(&since)?;
        Some((connections, *id))
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn evict(&mut self, id: Id) {
        if let Some(member) = self.remove(id) {
            member.evicted.cancel();
        }
    }

    /// Changes a connection unless it was evicted.
    fn change(&mut self, id: Id, change: impl FnOnce(&mut State)) {
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        let before = member.state;
        change(&mut member.state);
        let (key, after) = (member.key, member.state);
        if before == after {
            return;
        }
        self.untrusted -= usize::from(!before.is_trusted);
        self.untrusted += usize::from(!after.is_trusted);
        self.update(key, |group| {
            group.remove(before);
            group.insert(id, after);
        });
    }

    fn insert(&mut self, id: Id, member: Member) {
        let state = member.state;
        self.untrusted += usize::from(!state.is_trusted);
        self.update(member.key, |group| group.insert(id, state));
        self.members.insert(id, member);
    }

    fn remove(&mut self, id: Id) -> Option<Member> {
        let member = self.members.remove(&id)?;
        let state = member.state;
        self.untrusted -= usize::from(!state.is_trusted);
        self.update(member.key, |group| group.remove(state));
        Some(member)
    }

    /// Changes a group and its ranks.
    fn update(&mut self, key: IpAddr, change: impl FnOnce(&mut Group)) {
        let group = self.groups.entry(key).or_default();
        let before = group.ranks(key);
        change(group);
        let ranks = before.into_iter().zip(group.ranks(key));
        for (ranking, (before, after)) in self.ranking.iter_mut().zip(ranks) {
            if before != after {
                before.map(|rank| ranking.remove(&rank));
                after.map(|rank| ranking.insert(rank));
            }
        }
        if group.connections == 0 {
            self.groups.remove(&key);
        }
    }
}

impl State {
    /// Returns the class, unless the connection is never evicted.
    fn class(&self) -> Option<Class> {
        match (self.is_active, self.is_trusted) {
            _ if !self.is_started => None,
            (false, false) => Some(Class::Idle),
            (true, false) => Some(Class::Active),
            (false, true) => Some(Class::TrustedIdle),
            (true, true) => None,
        }
    }
}

impl Group {
    fn insert(&mut self, id: Id, state: State) {
        self.connections += 1;
        self.fresh += usize::from(!state.is_started);
        if let Some(class) = state.class() {
            self.classes[class as usize].insert(state.since.0, id);
        }
    }

    fn remove(&mut self, state: State) {
        self.connections -= 1;
        self.fresh -= usize::from(!state.is_started);
        if let Some(class) = state.class() {
            self.classes[class as usize].remove(&state.since.0);
        }
    }

    /// Returns the rank in each class.
    fn ranks(&self, key: IpAddr) -> [Option<Rank>; CLASSES] {
        self.classes.each_ref().map(|class| {
            let (&since, _) = class.first_key_value()?;
            Some((self.connections, Reverse(since), key))
        })
    }
}

/// Returns the address that per-address limits apply to: for IPv6 the /64 network, because a host
/// usually controls all 2⁶⁴ addresses of it.
pub fn rate_limit_key(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// The network part of an IPv6 address.
const NETWORK: u128 = u128::MAX << 64;

/// How many evicted connections may not have ended yet, beyond the limit in total. It bounds the
/// descriptors that a flood of connections needs.
const OVERFLOW: usize = 64;

#[cfg(test)]
mod tests;
