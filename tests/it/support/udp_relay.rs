//! A relay between a phone and its server that loses, repeats and reorders datagrams, always in the same way,
//! and forgets its port like a router with address translation.

use std::net::SocketAddr;
use std::sync::Arc;

use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::net::UdpSocket;
use tokio::sync::watch;

/// A relay for one phone. It stops when this is dropped.
#[derive(Debug)]
pub(crate) struct UdpRelay {
    address: SocketAddr,
    outer: watch::Sender<Arc<UdpSocket>>,
    counts: Arc<Mutex<Counts>>,
    tasks: Tasks,
}

/// How many of a hundred datagrams suffer what.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
    /// Delivered after the next one.
    pub(crate) late: u64,
}

/// How many datagrams have suffered what.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
    pub(crate) late: u64,
}

impl UdpRelay {
    /// Starts a relay to `server`. The phone sends to [`address`](Self::address).
    pub(crate) async fn start(server: SocketAddr, weather: Weather) -> Self {
        let tasks = Tasks::new();
        let inner = Arc::new(UdpSocket::bind((server.ip(), 0)).await.unwrap());
        let address = inner.local_addr().unwrap();
        let outer = Arc::new(UdpSocket::bind((server.ip(), 0)).await.unwrap());
        let outer = watch::Sender::new(outer);
        let counts = Arc::new(Mutex::new(Counts::default()));
        let (phone_sender, phone) = watch::channel(None);

        let stop = tasks.stop();
        let (receiver, current) = (Arc::clone(&inner), outer.subscribe());
        let mut there = Direction::new(weather, 1, Arc::clone(&counts));
        tasks.spawn("to the server", async move {
            let relaying = async {
                let mut buffer = vec![0; 65_535];
                loop {
                    let Ok((length, from)) = receiver.recv_from(&mut buffer).await else {
                        continue;
                    };
                    phone_sender.send_replace(Some(from));
                    for datagram in there.pass(&buffer[..length]) {
                        let socket = Arc::clone(&current.borrow());
                        let _ = socket.send_to(&datagram, server).await;
                    }
                }
            };
            stop.run_until_cancelled(relaying).await
        });

        let (stop, mut current) = (tasks.stop(), outer.subscribe());
        let mut back = Direction::new(weather, 2, Arc::clone(&counts));
        tasks.spawn("to the phone", async move {
            let relaying = async {
                let mut buffer = vec![0; 65_535];
                loop {
                    let socket = Arc::clone(&current.borrow_and_update());
                    let length = tokio::select! {
                        _ = current.changed() => continue,
                        received = socket.recv_from(&mut buffer) => match received {
                            Ok((length, from)) if from == server => length,
                            _ => continue,
                        },
                    };
                    let to = *phone.borrow();
                    for datagram in back.pass(&buffer[..length]) {
                        if let Some(to) = to {
                            let _ = inner.send_to(&datagram, to).await;
                        }
                    }
                }
            };
            stop.run_until_cancelled(relaying).await
        });
        Self {
            address,
            outer,
            counts,
            tasks,
        }
    }

    /// Returns where the phone sends.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns how many datagrams have suffered what so far.
    pub(crate) fn counts(&self) -> Counts {
        *self.counts.lock()
    }

    /// Forgets the port towards the server: what the server sends there is lost, and what the phone sends comes
    /// from another.
    pub(crate) async fn forget(&self) {
        let ip = self.outer.borrow().local_addr().unwrap().ip();
        let socket = UdpSocket::bind((ip, 0)).await.unwrap();
        self.outer.send_replace(Arc::new(socket));
    }
}

impl Drop for UdpRelay {
    fn drop(&mut self) {
        self.tasks.stop().cancel();
    }
}

/// One direction of the relay.
struct Direction {
    weather: Weather,
    /// State of the generator, so that every run is the same.
    random: u64,
    late: Option<Vec<u8>>,
    counts: Arc<Mutex<Counts>>,
}

impl Direction {
    fn new(weather: Weather, seed: u64, counts: Arc<Mutex<Counts>>) -> Self {
        Self {
            weather,
            random: seed,
            late: None,
            counts,
        }
    }

    /// Returns what is sent on when a datagram arrives.
    fn pass(&mut self, datagram: &[u8]) -> Vec<Vec<u8>> {
        let Weather {
            lost,
            repeated,
            late,
        } = self.weather;
        let datagram = datagram.to_vec();
        let before = self.late.take();
        let mut counts = self.counts.lock();
        // The generator of Knuth's MMIX.
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let draw = (self.random >> 33) % 100;
        let mut sent = if draw < lost {
            counts.lost += 1;
            Vec::new()
        } else if draw < lost + repeated {
            counts.repeated += 1;
            vec![datagram.clone(), datagram]
        } else if draw < lost + repeated + late && before.is_none() {
            counts.late += 1;
            self.late = Some(datagram);
            Vec::new()
        } else {
            vec![datagram]
        };
        sent.extend(before);
        sent
    }
}
