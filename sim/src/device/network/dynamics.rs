//! The network over time: poles and delays of its wires.

use super::{Member, Origin, Wire};
use std::collections::VecDeque;
use std::f64::consts::TAU;

/// State of a wire.
#[derive(Clone)]
struct Line {
    /// Share of a difference that is made up in a sample.
    share: f64,
    state_v: f64,
    late_v: VecDeque<f64>,
}

impl Line {
    /// At rest at this voltage.
    fn of(wire: &Wire, rate_hz: f64, state_v: f64) -> Self {
        let delay = (wire.keys.delay_s * rate_hz).round() as usize;
        let share = wire.keys.pole_hz.map_or(1.0, |hz| -(-TAU * hz / rate_hz).exp_m1());
        Line { share, state_v, late_v: VecDeque::from(vec![state_v; delay]) }
    }

    fn pass(&mut self, volts: f64) -> f64 {
        self.state_v += self.share * (volts - self.state_v);
        self.late_v.push_back(self.state_v);
        self.late_v.pop_front().unwrap_or(self.state_v)
    }
}

/// The wires of a network in the order of their members and electrodes, one or more of which has a pole or a delay.
pub(super) struct Dynamics {
    lines: Vec<Line>,
    before: Vec<Line>,
}

impl Dynamics {
    /// At rest with these currents. `None`: all wires settle within a sample.
    pub(super) fn of(members: &[Member], rate_hz: f64, currents: &[Vec<f64>]) -> Option<Self> {
        let origins = members.iter().flat_map(|member| &member.origins);
        let lines: Vec<Line> = origins
            .filter_map(|origin| match origin {
                Origin::Electrode(_) => None,
                Origin::Wire(wire) => {
                    let (volts, _) = wire.volts(currents[wire.from][wire.output]);
                    Some(Line::of(wire, rate_hz, volts))
                }
            })
            .collect();
        let moves = lines.iter().any(|line| line.share < 1.0 || !line.late_v.is_empty());
        moves.then(|| Dynamics { before: lines.clone(), lines })
    }

    /// Goes back to before the last pass.
    pub(super) fn step_back(&mut self) {
        self.lines.clone_from(&self.before);
    }

    /// Currents of every member over successive rows of voltages of the network.
    pub(super) fn pass(
        &mut self,
        members: &[Member],
        electrodes: usize,
        voltages_v: &[f64],
    ) -> Vec<Vec<f64>> {
        self.before.clone_from(&self.lines);
        let samples = voltages_v.len() / electrodes;
        let mut lines = self.lines.iter_mut();
        let mut currents: Vec<Vec<f64>> = Vec::new();
        // All samples of one device after the other: no wire leads back.
        for member in members {
            let width = member.origins.len();
            let mut driven = vec![0.0; samples * width];
            for (electrode, origin) in member.origins.iter().enumerate() {
                let column = driven.iter_mut().skip(electrode).step_by(width);
                match origin {
                    Origin::Electrode(of_network) => {
                        let volts = voltages_v.iter().skip(*of_network).step_by(electrodes);
                        column.zip(volts).for_each(|(to, volts)| *to = *volts);
                    }
                    Origin::Wire(wire) => {
                        let outputs = members[wire.from].device.outputs();
                        let source = currents[wire.from].iter().skip(wire.output).step_by(outputs);
                        let Some(line) = lines.next() else { continue };
                        for (to, &current_na) in column.zip(source) {
                            *to = line.pass(wire.volts(current_na).0);
                        }
                    }
                }
            }
            let mut current_na = vec![0.0; samples * member.device.outputs()];
            member.device.currents_na(&driven, &mut current_na);
            currents.push(current_na);
        }
        currents
    }
}
