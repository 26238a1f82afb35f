//! Waveforms of a run with any engine: a bench that records its inputs and outputs.
//!
//! Per sample: every DAC code with its voltage, every ADC code with the current it represents.
//! Time is that of the samples, in nanoseconds from the first.

mod fst;
mod vcd;

use hge_driver::scale::Scale;
use hge_protocol::DacCode;
use hge_sim::bench::Bench;
use hge_system::file::Draft;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

/// A waveform file that cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The extension names no format.
    #[error("unknown format of the trace {}: name it .vcd or .fst", .0.display())]
    Format(PathBuf),
    /// The file cannot be written.
    #[error("cannot write the trace {}: {why}; check the path and the space left", path.display())]
    Write {
        /// Path.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// A value of one signal.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Value {
    /// A converter's code.
    Code(i16),
    /// A quantity in SI units.
    Real(f64),
}

/// One waveform format.
trait Waveform: Send {
    /// Signal `index` changes to `value` at `time_ns`.
    fn change(&mut self, time_ns: u64, index: usize, value: Value) -> Result<(), String>;

    /// Completes the file.
    fn finish(self: Box<Self>) -> Result<(), String>;
}

struct Sink {
    path: PathBuf,
    scale: Scale,
    outputs: usize,
    inputs: usize,
    period_ns: f64,
    sample: u64,
    last: Vec<Option<Value>>,
    /// Codes of the last call's samples, which may still be taken back.
    pending: Vec<(Vec<i16>, Vec<i16>)>,
    waveform: Option<Box<dyn Waveform>>,
    /// The file until it is complete.
    draft: Option<Draft>,
    failed: Option<String>,
}

/// A waveform file being written; clones share it.
#[derive(Clone)]
pub struct Trace {
    sink: Arc<Mutex<Sink>>,
}

/// Names and kinds of the signals: DAC code and voltage of every output, ADC code and current of every input, which is not numbered if it is
/// the only one.
fn signals(outputs: usize, inputs: usize) -> Vec<(String, bool)> {
    let drives = (0..outputs).flat_map(|output| {
        [(format!("dac{output}_code"), false), (format!("dac{output}_v"), true)]
    });
    let sensed = (0..inputs).flat_map(|input| {
        let number = if inputs == 1 { String::new() } else { input.to_string() };
        [(format!("adc{number}_code"), false), (format!("current{number}_na"), true)]
    });
    drives.chain(sensed).collect()
}

impl Trace {
    /// Creates the file; its extension, `.vcd` or `.fst`, is its format.
    ///
    /// # Errors
    /// Another extension, or the file cannot be created.
    pub fn create(
        path: &Path,
        scale: &Scale,
        outputs: usize,
        inputs: usize,
        rate_hz: f64,
    ) -> Result<Self, TraceError> {
        let signals = signals(outputs, inputs);
        let extension = path.extension().and_then(|extension| extension.to_str());
        let create = match extension {
            Some("vcd") => vcd::create,
            Some("fst") => fst::create,
            _ => return Err(TraceError::Format(path.into())),
        };
        let failed = |why| TraceError::Write { path: path.into(), why };
        let draft = Draft::create(path).map_err(|error| failed(error.to_string()))?;
        let waveform = create(draft.path(), &signals).map_err(failed)?;
        let sink = Sink {
            path: path.into(),
            scale: scale.clone(),
            outputs,
            inputs,
            period_ns: 1e9 / rate_hz,
            sample: 0,
            last: vec![None; signals.len()],
            pending: Vec::new(),
            waveform: Some(waveform),
            draft: Some(draft),
            failed: None,
        };
        Ok(Trace { sink: Arc::new(Mutex::new(sink)) })
    }

    /// Completes the file.
    ///
    /// # Errors
    /// Something could not be written, now or before.
    pub fn finish(self) -> Result<(), TraceError> {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        sink.complete().map_err(|why| TraceError::Write { path: sink.path.clone(), why })
    }

    fn record(&self, codes: &[i16], adc: &[i16]) {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        sink.settle();
        let rows = codes.chunks_exact(sink.outputs).zip(adc.chunks_exact(sink.inputs));
        sink.pending = rows.map(|(drives, sensed)| (drives.to_vec(), sensed.to_vec())).collect();
    }

    fn rewind(&self, samples: usize) {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = sink.pending.len().saturating_sub(samples);
        sink.pending.truncate(kept);
    }
}

impl Sink {
    /// Writes samples that can no longer be rewound.
    fn settle(&mut self) {
        for (drives, sensed) in std::mem::take(&mut self.pending) {
            self.record(&drives, &sensed);
        }
    }

    /// Completes the file and moves it to its place; a second call has no effect.
    fn complete(&mut self) -> Result<(), String> {
        self.settle();
        let (failed, draft) = (self.failed.take(), self.draft.take());
        let Some((waveform, draft)) = self.waveform.take().zip(draft) else { return Ok(()) };
        match failed {
            Some(why) => Err(why),
            None => {
                waveform.finish().and_then(|()| draft.commit().map_err(|error| error.to_string()))
            }
        }
    }

    fn record(&mut self, drives: &[i16], sensed: &[i16]) {
        let time_ns = (self.sample as f64 * self.period_ns).round() as u64;
        self.sample += 1;
        for (output, &code) in drives.iter().enumerate() {
            let volts = self.scale.output(output).volts(DacCode(code));
            self.change(time_ns, 2 * output, Value::Code(code));
            self.change(time_ns, 2 * output + 1, Value::Real(volts));
        }
        for (input, &code) in sensed.iter().enumerate() {
            let current_na = self.scale.input(input).current_na(f64::from(code));
            self.change(time_ns, 2 * (self.outputs + input), Value::Code(code));
            self.change(time_ns, 2 * (self.outputs + input) + 1, Value::Real(current_na));
        }
    }

    fn change(&mut self, time_ns: u64, index: usize, value: Value) {
        if self.last[index] == Some(value) || self.failed.is_some() {
            return;
        }
        self.last[index] = Some(value);
        if let Some(waveform) = &mut self.waveform {
            self.failed = waveform.change(time_ns, index, value).err();
        }
    }
}

impl Drop for Sink {
    /// A cut-off run leaves the waveform up to there; `finish` reports write errors.
    fn drop(&mut self) {
        let _ = self.complete();
    }
}

/// A bench that writes down what passes another.
pub struct TracedBench {
    inner: Box<dyn Bench>,
    trace: Trace,
}

impl TracedBench {
    /// Writes what passes `inner` to `trace`.
    pub fn new(inner: Box<dyn Bench>, trace: Trace) -> Self {
        TracedBench { inner, trace }
    }
}

impl Bench for TracedBench {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        self.inner.samples(codes, adc);
        self.trace.record(codes, adc);
    }

    fn rewind(&mut self, samples: usize) {
        self.inner.rewind(samples);
        self.trace.rewind(samples);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fst_reader::{FstFilter, FstHierarchyEntry, FstReader, FstSignalHandle, FstSignalValue};
    use std::collections::BTreeMap;

    struct Echo;

    impl Bench for Echo {
        fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
            for (code, drives) in adc.iter_mut().zip(codes.chunks_exact(2)) {
                *code = drives[0];
            }
        }

        fn rewind(&mut self, _samples: usize) {}
    }

    fn write(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("hge-{}-{name}", std::process::id()));
        let scale = Scale::with_bits(16);
        let trace = Trace::create(&path, &scale, 2, 1, 1e6).unwrap();
        let mut bench = TracedBench::new(Box::new(Echo), trace.clone());
        bench.samples(&[0, 5, 8192, 5, 8192, -5, 7, 7], &mut [0; 4]);
        bench.rewind(1);
        trace.finish().unwrap();
        path
    }

    #[test]
    fn a_vcd_holds_codes_and_si_values_at_the_samples_times() {
        let path = write("trace.vcd");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(text.contains("$timescale 1 ns $end"));
        assert!(text.contains("dac0_code") && text.contains("current_na"));
        // Sample 1, a microsecond on: code 8192 is half a volt, and as ADC code -25 nA.
        let second = text.split("#1000\n").nth(1).unwrap();
        assert!(second.contains("b0010000000000000 ") && second.contains("r0.5 "), "{text}");
        assert!(second.contains("r-25 "), "{text}");
        assert!(text.split("#2000\n").nth(1).unwrap().contains("b1111111111111011 "));
    }

    #[test]
    fn an_fst_holds_the_same_and_other_extensions_are_refused() {
        let path = write("trace.fst");
        let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
        let mut reader = FstReader::open(file).unwrap();
        let mut names = BTreeMap::new();
        let entry = |entry| {
            if let FstHierarchyEntry::Var { name, handle, .. } = entry {
                names.insert(handle.get_index(), name);
            }
        };
        reader.read_hierarchy(entry).unwrap();
        let mut changes = Vec::new();
        let all = FstFilter::all();
        let change = |time, handle: FstSignalHandle, value: FstSignalValue<'_>| {
            let text = match value {
                FstSignalValue::String(bits) => String::from_utf8_lossy(bits).into_owned(),
                FstSignalValue::Real(value) => value.to_string(),
            };
            changes.push((time, names[&handle.get_index()].clone(), text));
            Ok::<(), ()>(())
        };
        reader.read_signals(&all, change).unwrap();
        std::fs::remove_file(&path).unwrap();
        let has = |time: u64, name: &str, text: &str| {
            changes.iter().any(|change| (change.0, &*change.1, &*change.2) == (time, name, text))
        };
        // As in the VCD: sample 1 is code 8192, half a volt, and -25 nA.
        assert!(
            has(1000, "dac0_code", "0010000000000000") && has(1000, "dac0_v", "0.5"),
            "{changes:?}"
        );
        assert!(has(1000, "current_na", "-25"), "{changes:?}");
        assert!(has(2000, "dac1_code", "1111111111111011"), "{changes:?}");
        // The last sample was taken back.
        assert!(changes.iter().all(|change| change.0 < 3000), "{changes:?}");
        let scale = Scale::with_bits(16);
        let refused = Trace::create(Path::new("x.wav"), &scale, 2, 1, 1e6);
        assert!(matches!(refused, Err(TraceError::Format(_))));
    }
}
