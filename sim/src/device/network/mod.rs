//! Devices that are wired to each other: the current of one, through an I-V converter and a divider, is the voltage of another's electrode.
//!
//! A network is feed-forward: a device is driven by devices before it in the list. Its electrodes are the lines that several devices share, then
//! every electrode of every device that nothing drives, device by device. Its outputs are those of the devices that drive no other, or the outputs
//! that are named. Currents of devices that are joined meet at the virtual ground of one converter and add.
//!
//! A wire carries V = offset + gain I, limited to the range of the amplifier, through one pole and after a delay. These dynamics are those of a signal over time;
//! [`Device::currents_na`] and the Jacobian, which follows from the chain rule, are those of voltages that stand still.

mod dynamics;
mod keys;

pub use keys::{MemberKeys, WireKeys};

use super::spec::{Kind, Spec};
use super::{is_finite, open as open_device, Device, DeviceError, MOST_OUTPUTS};
use dynamics::Dynamics;
use hge_system::text::{quoted, QUOTED_CHARS};
use std::ops::Range;

pub(super) const NETWORK: Kind =
    Kind { name: "network", forms: &["`network:JSON` or tables `[[device]]`"], open };

fn open(spec: &Spec) -> Result<Box<dyn Device>, DeviceError> {
    let members: Vec<MemberKeys> = serde_json::from_str(spec.text()?).map_err(|error| {
        spec.wrong(error.to_string(), "write a list of devices, as tables `[[device]]` make it")
    })?;
    Ok(Box::new(Network::of(&members)?))
}

/// Prefix of a specification that lists the devices.
pub const PREFIX: &str = "network:";

/// The specification of these devices, for [`super::open`].
///
/// # Errors
/// A number is not finite.
pub fn spec(members: &[MemberKeys]) -> Result<String, serde_json::Error> {
    Ok(format!("{PREFIX}{}", serde_json::to_string(members)?))
}

/// Where the voltage of an electrode of a member comes from.
#[derive(Clone, Debug)]
enum Origin {
    /// An electrode of the network.
    Electrode(usize),
    /// A wire.
    Wire(Wire),
}

/// From an output of an earlier device.
#[derive(Clone, Debug)]
struct Wire {
    from: usize,
    output: usize,
    keys: WireKeys,
}

impl Wire {
    /// The voltage that the current makes, and dV/dI: zero at an end of the range.
    fn volts(&self, current_na: f64) -> (f64, f64) {
        let volts = self.keys.offset_v + self.keys.gain_v_per_na * current_na;
        let limited = volts.clamp(self.keys.range_v[0], self.keys.range_v[1]);
        (limited, if limited == volts { self.keys.gain_v_per_na } else { 0.0 })
    }
}

struct Member {
    device: Box<dyn Device>,
    origins: Vec<Origin>,
}

/// A network of devices.
pub struct Network {
    members: Vec<Member>,
    electrodes: usize,
    /// Members and outputs whose currents make up every output of the network.
    outputs: Vec<Vec<(usize, usize)>>,
    /// Where signals take time.
    dynamics: Option<Dynamics>,
}

impl Network {
    /// Opens the devices and checks the wires.
    ///
    /// # Errors
    /// A device cannot be opened, or a wire leads nowhere.
    pub fn of(keys: &[MemberKeys]) -> Result<Self, DeviceError> {
        let devices = keys.iter().map(|member| {
            if member.device.trim_start().starts_with(PREFIX) {
                return Err(wrong(0, "a network is no part of a network", "list its devices"));
            }
            open_device(&member.device)
        });
        Self::with(devices.collect::<Result<Vec<_>, _>>()?, keys)
    }

    /// Wires these devices.
    ///
    /// # Errors
    /// A wire leads nowhere.
    pub fn with(devices: Vec<Box<dyn Device>>, keys: &[MemberKeys]) -> Result<Self, DeviceError> {
        if devices.is_empty() || devices.len() != keys.len() {
            return Err(wrong(0, "there is no device", "give one table for each device"));
        }
        let lines = keys.iter().map(|member| member.lines.len()).max().unwrap_or(0);
        let mut electrodes = lines;
        let mut members: Vec<Member> = Vec::new();
        let mut drives = vec![false; devices.len()];
        for (n, (device, keys)) in devices.into_iter().zip(keys).enumerate() {
            let mut origins: Vec<Option<Origin>> = vec![None; device.electrodes()];
            let mut place = |electrode: usize, origin: Origin| match origins.get_mut(electrode) {
                Some(taken @ None) => {
                    *taken = Some(origin);
                    Ok(())
                }
                Some(_) => Err(wrong(
                    n,
                    &format!("electrode {electrode} is driven twice"),
                    "name it once in lines and wires",
                )),
                None => Err(wrong(
                    n,
                    &format!("there is no electrode {electrode}"),
                    "its electrodes count from 0",
                )),
            };
            for (line, &electrode) in keys.lines.iter().enumerate() {
                place(electrode, Origin::Electrode(line))?;
            }
            for wire in &keys.wires {
                check(n, wire, &members)?;
                drives[wire.from] = true;
                let (from, output) = (wire.from, wire.output);
                place(wire.electrode, Origin::Wire(Wire { from, output, keys: wire.clone() }))?;
            }
            let origins = origins.into_iter().map(|origin| {
                origin.unwrap_or_else(|| {
                    electrodes += 1;
                    Origin::Electrode(electrodes - 1)
                })
            });
            members.push(Member { origins: origins.collect(), device });
        }
        let outputs = outputs(keys, &members, &drives)?;
        Ok(Network { members, electrodes, outputs, dynamics: None })
    }

    /// Currents of every member, and the voltages that drive it, at rows of voltages that stand still.
    fn row(&self, volts: &[f64]) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
        let (mut currents, mut driven): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
        for member in &self.members {
            let of_origin = |origin: &Origin| match origin {
                Origin::Electrode(electrode) => volts[*electrode],
                Origin::Wire(wire) => wire.volts(currents[wire.from][wire.output]).0,
            };
            let row: Vec<f64> = member.origins.iter().map(of_origin).collect();
            let mut current_na = vec![0.0; member.device.outputs()];
            member.device.currents_na(&row, &mut current_na);
            currents.push(current_na);
            driven.push(row);
        }
        (currents, driven)
    }
}

impl Device for Network {
    fn name(&self) -> String {
        format!("network of {} devices", self.members.len())
    }

    fn electrodes(&self) -> usize {
        self.electrodes
    }

    fn outputs(&self) -> usize {
        self.outputs.len()
    }

    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        let mut rows = voltages_v.chunks_exact(self.electrodes);
        for out in current_na.chunks_exact_mut(self.outputs.len()) {
            match rows.next() {
                Some(row) if is_finite(row) => {
                    let (currents, _) = self.row(row);
                    for (out, sources) in out.iter_mut().zip(&self.outputs) {
                        *out = sources.iter().map(|&(n, output)| currents[n][output]).sum();
                    }
                }
                _ => out.fill(f64::NAN),
            }
        }
    }

    fn jacobian_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        if voltages_v.len() != self.electrodes {
            return None;
        }
        let (currents, driven) = self.row(voltages_v);
        // Of every member, row-major [outputs, electrodes of the network].
        let mut slopes: Vec<Vec<f64>> = Vec::new();
        for (member, row) in self.members.iter().zip(&driven) {
            let own = member.device.jacobian_na_per_v(row)?;
            let mut all = vec![0.0; member.device.outputs() * self.electrodes];
            for (output, all) in all.chunks_exact_mut(self.electrodes).enumerate() {
                for (electrode, origin) in member.origins.iter().enumerate() {
                    let slope = own[output * member.origins.len() + electrode];
                    match origin {
                        Origin::Electrode(electrode) => all[*electrode] += slope,
                        Origin::Wire(wire) => {
                            let (_, gain) = wire.volts(currents[wire.from][wire.output]);
                            let begin = wire.output * self.electrodes;
                            let before = &slopes[wire.from][begin..begin + self.electrodes];
                            for (all, before) in all.iter_mut().zip(before) {
                                *all += slope * gain * before;
                            }
                        }
                    }
                }
            }
            slopes.push(all);
        }
        let row = |sources: &Vec<(usize, usize)>| -> Vec<f64> {
            let at = |electrode: usize| {
                let of_source =
                    |&(n, output): &(usize, usize)| slopes[n][output * self.electrodes + electrode];
                sources.iter().map(of_source).sum()
            };
            (0..self.electrodes).map(at).collect()
        };
        Some(self.outputs.iter().flat_map(row).collect())
    }

    fn rest(&mut self, rate_hz: f64, rest_v: &[f64]) -> bool {
        let (currents, _) = self.row(rest_v);
        self.dynamics = Dynamics::of(&self.members, rate_hz, &currents);
        self.dynamics.is_some()
    }

    fn follow_na(&mut self, voltages_v: &[f64], current_na: &mut [f64]) {
        let Some(dynamics) = &mut self.dynamics else {
            return self.currents_na(voltages_v, current_na);
        };
        let currents = dynamics.pass(&self.members, self.electrodes, voltages_v);
        for (sample, out) in current_na.chunks_exact_mut(self.outputs.len()).enumerate() {
            let of_source = |&(n, output): &(usize, usize)| {
                currents[n][sample * self.members[n].device.outputs() + output]
            };
            for (out, sources) in out.iter_mut().zip(&self.outputs) {
                *out = sources.iter().map(of_source).sum();
            }
        }
    }

    fn step_back(&mut self) {
        if let Some(dynamics) = &mut self.dynamics {
            dynamics.step_back();
        }
    }

    fn health(&self) -> Option<super::Health> {
        self.members.iter().find_map(|member| member.device.health())
    }
}

/// Members and outputs whose currents make up every output of the network.
fn outputs(
    keys: &[MemberKeys],
    members: &[Member],
    drives: &[bool],
) -> Result<Vec<Vec<(usize, usize)>>, DeviceError> {
    let mut outputs: Vec<Vec<(usize, usize)>> = Vec::new();
    let mut shown: Vec<Range<usize>> = Vec::new();
    for (n, (keys, member)) in keys.iter().zip(members).enumerate() {
        let own: Vec<usize> = match &keys.outputs {
            Some(own) => own.clone(),
            None if drives[n] => Vec::new(),
            None => (0..member.device.outputs()).collect(),
        };
        if let Some(output) = own.iter().find(|&&output| output >= member.device.outputs()) {
            let what = format!("there is no output {output}");
            return Err(wrong(n, &what, "its outputs count from 0"));
        }
        let places = match keys.joins {
            None => outputs.len()..outputs.len() + own.len(),
            Some(other) => {
                let there = shown.get(other).filter(|there| there.len() == own.len());
                there.cloned().ok_or_else(|| {
                    let what = format!("it joins device {other}");
                    wrong(
                        n,
                        &what,
                        "name a device before it, counted from 0, with as many shown outputs",
                    )
                })?
            }
        };
        outputs.resize(outputs.len().max(places.end), Vec::new());
        for (place, output) in places.clone().zip(own) {
            outputs[place].push((n, output));
        }
        shown.push(places);
    }
    if outputs.is_empty() || outputs.len() > MOST_OUTPUTS {
        let what = format!("the network has {} outputs", outputs.len());
        let change = format!("name 1 to {MOST_OUTPUTS} of them by outputs");
        return Err(wrong(keys.len() - 1, &what, &change));
    }
    Ok(outputs)
}

/// Checks a wire to member `n` against the members before it.
fn check(n: usize, wire: &WireKeys, before: &[Member]) -> Result<(), DeviceError> {
    let Some(source) = before.get(wire.from) else {
        let what = format!("a wire comes from device {}", wire.from);
        return Err(wrong(n, &what, "wires come from devices before it, counted from 0"));
    };
    if wire.output >= source.device.outputs() {
        let what = format!("a wire comes from output {} of device {}", wire.output, wire.from);
        return Err(wrong(n, &what, "which has fewer outputs: they count from 0"));
    }
    let WireKeys { gain_v_per_na, offset_v, range_v: [low, high], pole_hz, delay_s, .. } = wire;
    let sound = gain_v_per_na.is_finite()
        && offset_v.is_finite()
        && low.is_finite()
        && high.is_finite()
        && low < high
        && pole_hz.is_none_or(|hz| hz > 0.0 && hz.is_finite())
        && (0.0..=1.0).contains(delay_s);
    if !sound {
        let what = format!("the wire to electrode {} has an impossible value", wire.electrode);
        return Err(wrong(
            n,
            &what,
            "gain and offset are finite, range_v rises, pole_hz is above zero, delay_s is 0 to 1",
        ));
    }
    Ok(())
}

fn wrong(device: usize, what: &str, change: &str) -> DeviceError {
    DeviceError::Network { device, what: quoted(what, QUOTED_CHARS), change: change.into() }
}

#[cfg(test)]
mod tests;
