//! From a line of a client to what it asks of the instrument.

use super::header::matched;
use super::status::{ScpiError, Status, OPERATION_COMPLETE};
use hge_core::apparatus::{Apparatus, ApparatusError};
use hge_core::measure::gradient::{self, Effort, Measured};
use hge_driver::quantity::{Context, Place};
use hge_driver::{Cause, DriverError};
use hge_protocol::registers as map;

/// SI amperes of a nanoampere.
const A: f64 = 1e-9;

/// Version of SCPI whose forms these are.
const VERSION: &str = "1999.0";

/// What a header means.
type Act = fn(&mut Interpreter, u32, &str) -> Result<Option<String>, ScpiError>;

/// Headers, a question mark for a query. `]` after a node: it can be left out.
const COMMANDS: [(&str, Act); 26] = [
    ("*CLS", |client, _, _| client.silently(|client| client.status.clear())),
    ("*ESE", |client, _, value| client.mask(value, |status| &mut status.event_mask)),
    ("*ESE?", |client, _, _| reply(client.status.event_mask)),
    ("*ESR?", |client, _, _| reply(client.status.take_events())),
    ("*IDN?", |client, _, _| client.identity()),
    ("*OPC", |client, _, _| client.silently(|client| client.status.events |= OPERATION_COMPLETE)),
    // An operation has ended when its command has been carried out.
    ("*OPC?", |_, _, _| reply(1)),
    ("*RST", |client, _, _| client.reset()),
    ("*SRE", |client, _, value| client.mask(value, |status| &mut status.service_mask)),
    ("*SRE?", |client, _, _| reply(client.status.service_mask)),
    ("*STB?", |client, _, _| reply(client.status.byte())),
    ("*TST?", |_, _, _| reply(0)),
    ("*WAI", |_, _, _| Ok(None)),
    ("SYSTem:ERRor:NEXT]?", |client, _, _| reply(client.status.next_error())),
    ("SYSTem:VERSion?", |_, _, _| reply(VERSION)),
    ("OUTPut:STATe]", |client, _, value| client.output(value)),
    ("OUTPut:STATe]?", |client, _, _| reply(u8::from(client.apparatus.is_armed()))),
    ("SOURce#:VOLTage:LEVel]", Interpreter::set_control),
    ("SOURce#:VOLTage:LEVel]?", Interpreter::control),
    ("SOURce#:FREQuency?", |client, k, _| {
        let place = client.place(k)?;
        reply(client.apparatus.task().plan.tones_hz()[place])
    }),
    ("SOURce#:AMPLitude?", |client, k, _| {
        let place = client.place(k)?;
        reply(client.apparatus.task().plan.amplitude_v(place))
    }),
    ("MEASure:CURRent?", |client, _, _| client.currents()),
    ("MEASure:GRADient?", |client, _, _| client.gradient()),
    ("FETCh:GRADient:ERRor?", |client, _, _| client.gradient_errors()),
    ("REGister?", |client, _, value| client.register(value)),
    ("REGister", |client, _, value| client.set_register(value)),
];

/// No header is this one.
const UNDEFINED: i32 = -113;

/// Not a number, by SCPI.
const NAN: f64 = 9.91e37;

/// A client's instrument, the controls it has set, and its status.
pub(super) struct Interpreter {
    apparatus: Apparatus,
    controls_v: Vec<f64>,
    status: Status,
    /// The last gradient, unless the controls have changed since.
    measured: Option<Measured>,
}

impl Interpreter {
    /// With the controls in the middle of their ranges.
    pub fn new(apparatus: Apparatus) -> Self {
        let controls_v = apparatus.task().plan.middle_controls_v();
        Interpreter { apparatus, controls_v, status: Status::default(), measured: None }
    }

    /// Queues an error.
    pub fn failed(&mut self, error: ScpiError) {
        self.status.failed(error);
    }

    /// Carries out a line of commands between semicolons: the responses, and whether any header was known.
    pub fn line(&mut self, line: &str) -> (Option<String>, bool) {
        let (mut responses, mut known) = (Vec::new(), false);
        for unit in line.split(';').map(str::trim).filter(|unit| !unit.is_empty()) {
            match self.unit(unit) {
                Ok(response) => {
                    known = true;
                    responses.extend(response);
                }
                Err(error) => {
                    known |= error.number != UNDEFINED;
                    self.status.failed(error);
                }
            }
        }
        ((!responses.is_empty()).then(|| responses.join(";")), known)
    }

    fn unit(&mut self, unit: &str) -> Result<Option<String>, ScpiError> {
        let (header, value) = unit.split_once(char::is_whitespace).unwrap_or((unit, ""));
        let value = value.trim();
        let (stem, asks) = (header.trim_end_matches('?'), header.ends_with('?'));
        let of_kind = COMMANDS.iter().filter(|(pattern, _)| pattern.ends_with('?') == asks);
        let found = of_kind
            .filter_map(|(pattern, act)| Some((matched(pattern.trim_end_matches('?'), stem)?, act)))
            .next();
        let (suffix, act) = found.ok_or_else(|| {
            ScpiError::new(
                UNDEFINED,
                format!("Undefined header; {}", hge_driver::text::quoted(header, 40)),
            )
        })?;
        act(self, suffix, value)
    }

    fn silently(&mut self, act: impl FnOnce(&mut Self)) -> Result<Option<String>, ScpiError> {
        act(self);
        Ok(None)
    }

    fn mask(
        &mut self,
        value: &str,
        of: fn(&mut Status) -> &mut u8,
    ) -> Result<Option<String>, ScpiError> {
        *of(&mut self.status) = value.parse().map_err(|_| no_number(value))?;
        Ok(None)
    }

    fn identity(&mut self) -> Result<Option<String>, ScpiError> {
        let instrument = self.apparatus.instrument().map_err(refused)?;
        let parameters = instrument.parameters();
        reply(format!(
            "hge,{} outputs {} slots,0,{:08x}",
            parameters.outputs,
            parameters.slots,
            instrument.build_hash()
        ))
    }

    fn reset(&mut self) -> Result<Option<String>, ScpiError> {
        self.apparatus.disarm().map_err(refused)?;
        self.controls_v = self.apparatus.task().plan.middle_controls_v();
        self.measured = None;
        Ok(None)
    }

    fn output(&mut self, value: &str) -> Result<Option<String>, ScpiError> {
        let is_on = match value.to_ascii_uppercase().as_str() {
            "ON" | "1" => true,
            "OFF" | "0" => false,
            _ => return Err(ScpiError::new(-224, "Illegal parameter value; ON or OFF")),
        };
        let done = if is_on { self.apparatus.arm() } else { self.apparatus.disarm() };
        done.map_err(refused)?;
        Ok(None)
    }

    /// Place of a control that a suffix counts from 1.
    fn place(&self, suffix: u32) -> Result<usize, ScpiError> {
        let controls = self.controls_v.len();
        match suffix as usize {
            k if (1..=controls).contains(&k) => Ok(k - 1),
            _ => Err(ScpiError::new(-114, format!("Header suffix out of range; 1 to {controls}"))),
        }
    }

    fn set_control(&mut self, suffix: u32, value: &str) -> Result<Option<String>, ScpiError> {
        let place = self.place(suffix)?;
        let mut controls_v = self.controls_v.clone();
        controls_v[place] = value.parse().map_err(|_| no_number(value))?;
        gradient::check(&self.apparatus.task().plan, &controls_v)
            .map_err(|error| ScpiError::new(-222, format!("Data out of range; {error}")))?;
        (self.controls_v, self.measured) = (controls_v, None);
        if self.apparatus.is_armed() {
            self.currents()?;
        }
        Ok(None)
    }

    fn control(&mut self, suffix: u32, value: &str) -> Result<Option<String>, ScpiError> {
        let place = self.place(suffix)?;
        let (low_v, high_v) = self.apparatus.task().plan.control_range_v(place);
        match value.to_ascii_uppercase().as_str() {
            "" => reply(self.controls_v[place]),
            "MIN" | "MINIMUM" => reply(low_v),
            "MAX" | "MAXIMUM" => reply(high_v),
            _ => Err(ScpiError::new(-224, "Illegal parameter value; MIN or MAX")),
        }
    }

    fn currents(&mut self) -> Result<Option<String>, ScpiError> {
        let session = self.apparatus.presenting(None).map_err(refused)?;
        let readings = session.measure(&self.controls_v, false);
        let readings = readings.map_err(|error| refused(error.into()))?;
        listed(readings.iter().map(|reading| A * reading.mean_na))
    }

    fn gradient(&mut self) -> Result<Option<String>, ScpiError> {
        let session = self.apparatus.presenting(None).map_err(refused)?;
        let measured = gradient::measure(session, &self.controls_v, Effort::windows(1));
        let measured = self.measured.insert(measured.map_err(|error| refused(error.into()))?);
        let slopes = measured.cases.iter().flat_map(|case| &case.slopes);
        listed(slopes.map(|slope| A * slope.slope_na_per_v))
    }

    /// Of the slopes that were measured last.
    fn gradient_errors(&self) -> Result<Option<String>, ScpiError> {
        let none = || ScpiError::new(-230, "Data corrupt or stale; MEASure:GRADient? first");
        let measured = self.measured.as_ref().ok_or_else(none)?;
        let slopes = measured.cases.iter().flat_map(|case| &case.slopes);
        listed(slopes.map(|slope| slope.error_na_per_v.map_or(NAN, |error| A * error)))
    }

    fn context(&mut self) -> Result<Context, ScpiError> {
        let scale = Some(self.apparatus.task().plan.scale().clone());
        let instrument = self.apparatus.instrument().map_err(refused)?;
        let period = instrument.read(map::SAMPLE_PERIOD).map_err(|error| refused(error.into()))?;
        let clock_hz = f64::from(instrument.parameters().clock_hz);
        Ok(Context { clock_hz, period_clocks: f64::from(period.max(1)), scale })
    }

    /// `REGister? "settle"`: in its SI unit.
    fn register(&mut self, value: &str) -> Result<Option<String>, ScpiError> {
        let place = Place::find(unquoted(value))
            .map_err(|error| refused(DriverError::from(error).into()))?;
        let context = self.context()?;
        let instrument = self.apparatus.instrument().map_err(refused)?;
        let word = instrument.read(place.address()).map_err(|error| refused(error.into()))?;
        reply(place.quantity(word, &context).value)
    }

    /// `REGister "settle",0.01`: in its SI unit.
    fn set_register(&mut self, value: &str) -> Result<Option<String>, ScpiError> {
        let (name, value) = value
            .split_once(',')
            .ok_or_else(|| ScpiError::new(-109, "Missing parameter; REGister \"NAME\",VALUE"))?;
        let wrong = |error| refused(DriverError::from(error).into());
        let place = Place::find(unquoted(name)).map_err(wrong)?;
        let word = place.word(unquoted(value), &self.context()?).map_err(wrong)?;
        let instrument = self.apparatus.instrument().map_err(refused)?;
        instrument.write_all(&[(place.address(), word)]).map_err(|error| refused(error.into()))?;
        Ok(None)
    }
}

/// A response.
fn reply(value: impl ToString) -> Result<Option<String>, ScpiError> {
    Ok(Some(value.to_string()))
}

/// Numbers between commas, with all their digits.
fn listed(values: impl Iterator<Item = f64>) -> Result<Option<String>, ScpiError> {
    reply(values.map(|value| format!("{value:e}")).collect::<Vec<_>>().join(","))
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

fn no_number(value: &str) -> ScpiError {
    match value {
        "" => ScpiError::new(-109, "Missing parameter"),
        _ => ScpiError::new(-104, "Data type error; a number is wanted"),
    }
}

/// An error of the instrument: its own state, its link, or what was asked for.
fn refused(error: ApparatusError) -> ScpiError {
    let (number, name) = match error.cause() {
        Cause::Tripped => (-240, "Hardware error"),
        Cause::Lost => (-365, "Time out error"),
        Cause::Refused => (-221, "Settings conflict"),
        Cause::Other => (-200, "Execution error"),
    };
    ScpiError::new(number, format!("{name}; {error}"))
}
