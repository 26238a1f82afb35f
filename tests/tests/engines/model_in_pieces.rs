//! The model's results do not depend on how its time is cut into calls, nor on the batches it asks its bench for.

use hge_protocol::registers as map;
use hge_sim::engine::{Engine, EngineError, Passed, Time};
use hge_sim::model::Model;
use hge_tests::scenario::{random, LITTLE};

/// A model that is granted a few samples at a time, of changing number.
struct Pieces {
    model: Model,
    samples: u32,
}

impl Engine for Pieces {
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        Engine::send(&mut self.model, bytes)
    }

    fn advance(
        &mut self,
        time: Time,
        samples: u32,
        room: usize,
        into: &mut Vec<u8>,
    ) -> Result<Passed, EngineError> {
        // Three is a primitive root of 31: every number from 1 to 30 comes, in an order that looks random.
        self.samples = self.samples * 3 % 31;
        Engine::advance(&mut self.model, time, samples.min(self.samples), room, into)
    }

    fn set_interlock(&mut self, closed: bool) -> Result<(), EngineError> {
        Engine::set_interlock(&mut self.model, closed)
    }
}

#[test]
fn runs_and_trips_are_the_same_in_pieces() {
    let mut trips = 0;
    for seed in 0..60 {
        let scenario = random(seed, LITTLE, 2);
        let mut pieces = scenario
            .assert_equals_model(|bench| {
                Ok(Pieces { model: Model::new(LITTLE, bench), samples: 1 })
            })
            .unwrap();
        trips += u32::from(pieces.model.read(map::FAULT) != Ok(0));
    }
    // An over-current in the midst of a batch makes the model take samples back.
    assert!(trips > 10, "{trips} trips");
}
