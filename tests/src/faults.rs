//! A line with random faults, fixed by a seed.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a line does to frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Each bit flips with this probability.
    Flips(f64),
    /// Bytes are lost.
    Drops,
    /// Bytes come that nobody sent.
    Inserts,
    /// Bytes, and whole frames, come twice.
    Duplicates,
    /// Frames end early, without their delimiter.
    Truncations,
    /// Neighbouring bytes, and whole frames, change places.
    Reorderings,
    /// Runs of up to 64 bytes become noise.
    Bursts,
    /// Whole frames come late: after up to four others.
    Stalls,
    /// Several of these at once, each with a share of its own.
    Mixed(Harm),
}

/// Shares of frames to which something happens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Harm {
    /// Requests and replies that vanish.
    pub answers: f64,
    /// Telemetry that vanishes.
    pub telemetry: f64,
    /// Frames in which a bit is turned.
    pub damage: f64,
    /// Frames that come twice.
    pub double: f64,
}

impl Harm {
    /// What becomes of a stuffed frame; damage is done at `place`.
    fn strike(self, frame: &mut Vec<u8>, place: usize, dice: &mut ChaCha8Rng) {
        // Its kind is behind the first byte that stuffing adds; telemetry has those below 8.
        let is_telemetry = frame.get(1).is_some_and(|&kind| kind < 8);
        if dice.random_bool(if is_telemetry { self.telemetry } else { self.answers }) {
            return frame.clear();
        }
        if dice.random_bool(self.damage) {
            frame[place] ^= 1 << dice.random_range(0..8);
        }
        if dice.random_bool(self.double) {
            frame.extend_from_within(..);
        }
    }
}

/// The eight single kinds, the flips at four rates.
pub const FAULTS: [Fault; 11] = [
    Fault::Flips(1e-6),
    Fault::Flips(1e-5),
    Fault::Flips(1e-4),
    Fault::Flips(1e-3),
    Fault::Drops,
    Fault::Inserts,
    Fault::Duplicates,
    Fault::Truncations,
    Fault::Reorderings,
    Fault::Bursts,
    Fault::Stalls,
];

/// Share of the frames that a fault other than flips strikes.
const SHARE: f64 = 0.05;

/// One direction of a line.
#[derive(Debug)]
pub struct Wire {
    fault: Fault,
    dice: ChaCha8Rng,
    /// Bytes of a frame whose delimiter has not come yet.
    begun: Vec<u8>,
    /// Frames that come late, and after how many others.
    held: Vec<(u32, Vec<u8>)>,
    frames: u64,
    struck: u64,
}

impl Wire {
    /// A line with one kind of fault.
    pub fn new(fault: Fault, seed: u64) -> Self {
        Wire {
            fault,
            dice: ChaCha8Rng::seed_from_u64(seed),
            begun: Vec::new(),
            held: Vec::new(),
            frames: 0,
            struck: 0,
        }
    }

    /// Frames that have entered the line.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Of these, how many a fault struck.
    pub fn struck(&self) -> u64 {
        self.struck
    }

    /// What comes out of the line when `bytes` enter it: whole frames, faults aside.
    pub fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for &byte in bytes {
            self.begun.push(byte);
            if byte == 0 {
                let frame = std::mem::take(&mut self.begun);
                self.frame(frame, &mut out);
            }
        }
        out
    }

    fn frame(&mut self, mut frame: Vec<u8>, out: &mut Vec<u8>) {
        self.frames += 1;
        let sent = frame.clone();
        let place = self.dice.random_range(0..frame.len());
        let strikes = self.dice.random_bool(SHARE);
        match self.fault {
            Fault::Flips(rate) => {
                for bit in 0..8 * frame.len() {
                    if self.dice.random_bool(rate) {
                        frame[bit / 8] ^= 1 << (bit % 8);
                    }
                }
            }
            Fault::Mixed(harm) => harm.strike(&mut frame, place, &mut self.dice),
            _ if !strikes => {}
            Fault::Drops => {
                frame.remove(place);
            }
            Fault::Inserts => frame.insert(place, self.dice.random()),
            Fault::Duplicates if place % 2 == 0 => frame.insert(place, frame[place]),
            Fault::Duplicates => frame.extend(sent.clone()),
            Fault::Truncations => frame.truncate(place),
            Fault::Reorderings if place % 2 == 0 && frame.len() > 1 => {
                let place = place.min(frame.len() - 2);
                frame.swap(place, place + 1);
            }
            Fault::Reorderings => self.held.push((1, std::mem::take(&mut frame))),
            Fault::Bursts => {
                let end = (place + self.dice.random_range(1..=64)).min(frame.len());
                self.dice.fill(&mut frame[place..end]);
            }
            Fault::Stalls => {
                let wait = self.dice.random_range(1..=4);
                self.held.push((wait, std::mem::take(&mut frame)));
            }
        }
        self.struck += u64::from(frame != sent);
        // A frame that was held in this call does not pass itself.
        let late = frame.is_empty() && matches!(self.fault, Fault::Reorderings | Fault::Stalls);
        out.extend(frame);
        if late {
            return;
        }
        for (wait, _) in &mut self.held {
            *wait -= 1;
        }
        let held = std::mem::take(&mut self.held);
        let (due, kept): (Vec<_>, Vec<_>) = held.into_iter().partition(|(wait, _)| *wait == 0);
        self.held = kept;
        out.extend(due.into_iter().flat_map(|(_, frame)| frame));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_strikes_and_most_frames_pass() {
        let harm = Harm { answers: 0.0, telemetry: 0.1, damage: 0.05, double: 0.05 };
        for fault in FAULTS.into_iter().chain([Fault::Mixed(harm)]) {
            let mut wire = Wire::new(fault, 5);
            let frame = [9, 1, 2, 3, 4, 5, 6, 7, 8, 0];
            let sent = 200_000;
            let passed: usize = (0..sent)
                .map(|_| wire.pass(&frame))
                .map(|out| out.windows(frame.len()).filter(|window| *window == frame).count())
                .sum();
            assert_eq!(wire.frames(), sent);
            assert!(wire.struck() > 0, "{fault:?}");
            assert!(passed as u64 > sent * 8 / 10, "{fault:?}: {passed}");
        }
    }
}
