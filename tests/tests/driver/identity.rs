//! Who is at the other end.

use hge_driver::link::Link;
use hge_driver::{DriverError, Instrument};
use hge_lab::server::InProcess;
use hge_protocol::frame::{Frame, Reply, Status};
use hge_protocol::registers as map;
use hge_protocol::wire::{seal, Deframer, MOST_REQUEST_WORDS};
use hge_sim::engine::{Engine, EngineError, Passed, Time};

/// Answers every read by what `word` says of the address.
struct Stranger {
    word: fn(u16) -> u32,
    deframer: Deframer,
    output: Vec<u8>,
    /// What it says instead of replies.
    babble: Option<Vec<u32>>,
}

impl Engine for Stranger {
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let Stranger { word, deframer, output, babble } = self;
        deframer.push(bytes, |body| {
            let body = body.expect("a sound request");
            let (place, count) = (body[2].get(), body[0].get() >> 24);
            if let Some(words) = babble {
                return seal(words, output);
            }
            let address = place as u16;
            let reply = Reply {
                nonce: body[1].get(),
                sequence: (place >> 16) as u16,
                status: Status::Ok,
                address,
                values: (0..count as u16).map(|n| word(address + n)).collect(),
            };
            output.extend(Frame::Reply(reply).to_bytes());
        });
        Ok(())
    }

    fn advance(
        &mut self,
        _: Time,
        _: u32,
        _: usize,
        into: &mut Vec<u8>,
    ) -> Result<Passed, EngineError> {
        into.append(&mut self.output);
        Ok(Passed { samples: 0, resting: true })
    }

    fn set_interlock(&mut self, _: bool) -> Result<(), EngineError> {
        Ok(())
    }
}

fn stranger(word: fn(u16) -> u32, babble: Option<Vec<u32>>) -> Box<dyn Link> {
    let deframer = Deframer::new(MOST_REQUEST_WORDS);
    Box::new(InProcess::new(Box::new(Stranger { word, deframer, output: Vec::new(), babble })))
}

fn refusal(link: Box<dyn Link>) -> DriverError {
    let settings = crate::instruments::hasty();
    match Instrument::connect_with(link, settings) {
        Ok(_) => panic!("connected"),
        Err(error) => error,
    }
}

#[test]
fn a_stranger_and_another_map_are_refused_naming_both_sides() {
    let message = refusal(stranger(|_| 0x1234_5678, None)).to_string();
    assert!(message.contains("0x12345678") && message.contains("0x48474532"), "{message}");
    let word = |address| if address == map::IDENTITY { map::IDENTITY_WORD } else { 7 };
    let message = refusal(stranger(word, None)).to_string();
    assert!(message.contains("hash 0x00000007"), "{message}");
    assert!(message.contains(&format!("0x{:08x}", map::map_hash())), "{message}");
}

#[test]
fn sound_frames_of_no_known_kind_are_named_instead_of_silence() {
    let message = refusal(stranger(|_| 0, Some(vec![0x242, 0, 0]))).to_string();
    assert!(message.contains("unknown kind 0x42") && message.contains("same source"), "{message}");
}

#[test]
fn an_instrument_says_what_it_was_made_for() {
    let instrument = Instrument::connect(crate::instruments::in_process()).unwrap();
    assert_eq!(*instrument.parameters(), hge_protocol::Parameters::default());
    assert_eq!(instrument.build_hash(), 0);
}
