//! Datagrams that come in pieces. The kernel has put each together once, for the packet filter, and takes it apart again the way it came:
//! so the pieces of one come together, one after the other, and none is missing.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use etherparse::defrag::IpDefragPool;
use etherparse::{IpNumber, SlicedPacket, UdpSlice};

use super::packet;

/// How long pieces are kept of which others were lost on the way, for want of room.
const PATIENCE: Duration = Duration::from_secs(2);

/// All that are not whole yet.
#[derive(Debug)]
pub struct Pieces {
    pool: IpDefragPool<Instant, ()>,
    oldest: Option<Instant>,
}

impl Pieces {
    /// None so far.
    pub fn new() -> Self {
        Self { pool: IpDefragPool::new(), oldest: None }
    }

    /// Adds a packet that may be a piece; who sends what to whom, when the datagram is whole.
    pub fn add(&mut self, bytes: &[u8], now: Instant) -> Option<(SocketAddr, SocketAddr, Vec<u8>)> {
        let sliced = SlicedPacket::from_ip(bytes).ok()?;
        let (from, to) = packet::ends(sliced.net.as_ref()?)?;
        let whole = self.pool.process_sliced_packet(&sliced, now, ()).ok()?;
        let Some(whole) = whole else {
            self.oldest.get_or_insert(now);
            return None;
        };
        if whole.ip_number != IpNumber::UDP {
            return None;
        }
        let udp = UdpSlice::from_slice(&whole.payload).ok()?;
        let ends = (SocketAddr::new(from, udp.source_port()), SocketAddr::new(to, udp.destination_port()));
        Some((ends.0, ends.1, udp.payload().to_vec()))
    }

    /// Forgets those that will never be whole.
    pub fn keep_time(&mut self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            let oldest = std::cell::Cell::new(None::<Instant>);
            self.pool.retain(|since| {
                let stays = *since + PATIENCE > now;
                if stays {
                    oldest.set(Some(oldest.get().map_or(*since, |oldest| oldest.min(*since))));
                }
                stays
            });
            self.oldest = oldest.get();
        }
    }

    /// When [`Self::keep_time`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.oldest.map(|oldest| oldest + PATIENCE)
    }
}
