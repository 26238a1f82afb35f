//! A surrogate network of a measured device, from an ONNX file, evaluated by `rten`.
//!
//! A surrogate has one float input `[n, K]` (volts) and one float output `[n, J]` (nA). The runtime
//! chooses its arithmetic by the number of rows, and even by a row's place in a block, so the last bits of a
//! row could depend on other rows. Every call therefore evaluates **tiles** of one fixed number of
//! rows, the last one padded. When a model is loaded, a check places rows at every position of a tile
//! and among other neighbours; if the bits of any current differ, a tile holds only one row. If the difference exceeds
//! rounding, the currents are not a function of their row, and the model is refused.
//!
//! Files are not trusted: size, operators and the shapes of all values are bounded
//! before the runtime loads them.

mod bounds;
#[cfg(test)]
mod encode;
#[cfg(test)]
mod encode_graph;
mod file;
#[cfg(test)]
mod hostile_tests;
mod moves;
mod shapes;
#[cfg(test)]
mod tests;
mod value;

use super::{is_finite, Device, DeviceError, MOST_OUTPUTS};
use bounds::quoted;
use rten::{Model, NodeId, RunOptions, ThreadPool, ValueView};
use rten_onnx::onnx::{DataType, Dimension, GraphProto, ValueInfoProto};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows in a tile: long enough to hide the runtime's cost per call, short enough for single samples.
const TILE_ROWS: usize = 64;

/// Half the distance of the finite difference that gives slopes. A surrogate of ReLUs is piecewise
/// linear, so any step inside a piece is exact; 1 mV keeps the rounding of f32 outputs (about 1e-5 nA)
/// below 0.01 nA/V.
const GRADIENT_STEP_V: f64 = 1e-3;

/// Difference of a row's current in another company that may be rounding, of the output's largest current.
const ROUNDING: f32 = 1e-3;

/// A surrogate network with K >= 2 electrodes and J outputs, 1 to [`MOST_OUTPUTS`].
#[derive(Debug)]
pub struct OnnxDevice {
    path: PathBuf,
    model: Model,
    input: NodeId,
    output: NodeId,
    electrodes: usize,
    outputs: usize,
    tile_rows: usize,
    filled_rows: usize,
    unit_is_named: bool,
    pool: Arc<ThreadPool>,
}

impl OnnxDevice {
    /// Loads the model at `path` and checks that it maps K >= 2 voltages to 1 to 8 currents. It takes at most 10 s or so
    /// on one core, and about 150 MiB.
    ///
    /// # Errors
    /// [`DeviceError::ModelFile`] if it cannot be read, [`DeviceError::ModelFormat`] if it is no ONNX
    /// model, [`DeviceError::ModelShape`] if inputs or outputs differ from what is needed,
    /// [`DeviceError::ModelBounds`] if an operator or a size is not admitted, [`DeviceError::ModelRun`] if a trial
    /// evaluation fails, [`DeviceError::ModelRows`] if a row's currents depend on the other rows.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, DeviceError> {
        let path = path.as_ref().to_path_buf();
        let bytes = hge_system::file::read(&path, file::MOST_BYTES)
            .map_err(|source| DeviceError::ModelFile { path: path.clone(), source })?;
        let format = |reason| DeviceError::ModelFormat { path: path.clone(), reason };
        let graph = file::decode(&bytes).map_err(format)?;
        let ports = Ports::of(&graph).map_err(|(found, expected)| DeviceError::ModelShape {
            path: path.clone(),
            found,
            expected,
        })?;
        let tile_rows = ports.rows.unwrap_or(TILE_ROWS).max(1);
        bounds::check(&graph, tile_rows)
            .map_err(|problem| DeviceError::ModelBounds { path: path.clone(), problem })?;
        let model = Model::load(bytes).map_err(|error| format(one_line(&error.to_string())))?;
        let node = |name: &str| {
            model.find_node(name).ok_or_else(|| format(format!("it has no value {}", quoted(name))))
        };
        let (input, output) = (node(ports.input)?, node(ports.output)?);
        let (electrodes, unit_is_named) = (ports.electrodes, ports.output.ends_with("nA"));
        let rows_are_open = ports.rows.is_none();
        // One thread: the networks are too small to share, and waking a pool costs more than a tile.
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        let mut device = Self {
            path,
            model,
            input,
            output,
            electrodes,
            outputs: 1,
            tile_rows,
            filled_rows: tile_rows,
            unit_is_named,
            pool,
        };
        device.outputs = device.count_outputs(ports.columns)?;
        device.check_finite()?;
        if !device.rows_are_exact()? {
            device.filled_rows = 1;
            if rows_are_open {
                device.tile_rows = 1;
            }
        }
        Ok(device)
    }

    /// Whether the output's name ends in `nA`. Otherwise nA is assumed.
    pub fn unit_is_named(&self) -> bool {
        self.unit_is_named
    }

    /// Rows evaluated at once; 1 if a row's bits depend on its place or its neighbours.
    pub fn rows_at_once(&self) -> usize {
        self.filled_rows
    }

    /// Output of one full tile, `[tile_rows, K]` to `[tile_rows, J]`.
    fn run_tile(&self, tile: &[f32]) -> Result<([usize; 2], Vec<f32>), String> {
        let input = ValueView::from_shape([self.tile_rows, self.electrodes], tile)
            .map_err(|error| one_line(&error.to_string()))?;
        let options = RunOptions::default().with_thread_pool(Some(self.pool.clone()));
        let [output] = self
            .model
            .run_n(vec![(self.input, input.into())], [self.output], Some(options))
            .map_err(|error| one_line(&error.to_string()))?;
        output.into_shape_vec::<f32, 2>().map_err(|_| "its output is no table of floats".into())
    }

    /// Evaluates one tile of zeros and counts the currents of a row: what the file declares about its output may be missing or
    /// wrong.
    fn count_outputs(&self, declared: Option<usize>) -> Result<usize, DeviceError> {
        let zeros = vec![0.0; self.tile_rows * self.electrodes];
        let (found, _) = self
            .run_tile(&zeros)
            .map_err(|reason| DeviceError::ModelRun { path: self.path.clone(), reason })?;
        let [rows, columns] = found;
        let is_declared = declared.is_none_or(|declared| declared == columns);
        if rows == self.tile_rows && is_declared && (1..=MOST_OUTPUTS).contains(&columns) {
            return Ok(columns);
        }
        Err(DeviceError::ModelShape {
            path: self.path.clone(),
            found: format!("an output {found:?} for {} rows", self.tile_rows),
            expected: "the currents of every row, [n, J] with J of 1 to 8 as declared",
        })
    }

    /// Evaluates one tile of voltages between -1 and 1, with zero volts first: a model whose weights are
    /// not finite shows it there.
    fn check_finite(&self) -> Result<(), DeviceError> {
        let mut tile = mixed(self.tile_rows * self.electrodes);
        tile[..self.electrodes].fill(0.0);
        let failed = |reason| DeviceError::ModelRun { path: self.path.clone(), reason };
        let (_, currents) = self.run_tile(&tile).map_err(failed)?;
        match currents.iter().position(|current| !current.is_finite()) {
            None => Ok(()),
            Some(at) => {
                let row = at / self.outputs;
                let volts = &tile[row * self.electrodes..(row + 1) * self.electrodes];
                Err(failed(format!("its current is {} at {volts:.2?} V", currents[at])))
            }
        }
    }

    /// Whether a row's bits are the same at every position of a tile (64 positions of a long one), whatever the other rows
    /// contain: zeros, or a thousand volts, which would show a small share of the neighbours.
    ///
    /// # Errors
    /// More than rounding differs.
    fn rows_are_exact(&self) -> Result<bool, DeviceError> {
        let (n, k, outputs) = (self.tile_rows, self.electrodes, self.outputs);
        let moved_rows = n.div_ceil(2);
        let mixed = mixed(n * k);
        let failed = |reason| DeviceError::ModelRun { path: self.path.clone(), reason };
        let (_, reference) = self.run_tile(&mixed).map_err(failed)?;
        let mut largest = vec![0.0f32; outputs];
        for row in reference.chunks_exact(outputs) {
            for (most, current) in largest.iter_mut().zip(row) {
                *most = most.max(current.abs());
            }
        }
        let mut exact = true;
        for shift in (0..n).step_by(n.div_ceil(TILE_ROWS)) {
            // Row r moves to position r + shift; the upper half are the neighbours.
            let loud = if shift % 2 == 0 { 0.0 } else { 1e3 };
            let mut tile: Vec<f32> = mixed.iter().map(|v| v * loud).collect();
            for r in 0..moved_rows {
                let to = (r + shift) % n;
                tile[to * k..(to + 1) * k].copy_from_slice(&mixed[r * k..(r + 1) * k]);
            }
            let (_, moved) = self.run_tile(&tile).map_err(failed)?;
            for (r, expected) in reference.chunks_exact(outputs).enumerate().take(moved_rows) {
                let currents = &moved[(r + shift) % n * outputs..][..outputs];
                for ((current, expected), largest) in currents.iter().zip(expected).zip(&largest) {
                    exact &= current.to_bits() == expected.to_bits();
                    // Also where it is NaN.
                    let same = (current - expected).abs() <= ROUNDING * largest;
                    if !same {
                        return Err(DeviceError::ModelRows { path: self.path.clone() });
                    }
                }
            }
        }
        Ok(exact)
    }
}

impl Device for OnnxDevice {
    fn name(&self) -> String {
        let file = self.path.file_name().unwrap_or(self.path.as_os_str());
        format!("onnx:{}", file.to_string_lossy())
    }

    fn electrodes(&self) -> usize {
        self.electrodes
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    /// A tile whose evaluation fails gives NaN; loading has shown that evaluation works.
    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        let k = self.electrodes;
        // Inside the pool once a call, not once a tile.
        self.pool.run(|| {
            let mut tile = vec![0.0f32; self.tile_rows * k];
            let mut rows = voltages_v.chunks_exact(k);
            for out in current_na.chunks_mut(self.filled_rows * self.outputs) {
                tile.fill(0.0);
                let slots = tile.chunks_exact_mut(k);
                for (currents, slot) in out.chunks_mut(self.outputs).zip(slots) {
                    let row = rows.next().filter(|row| is_finite(row));
                    currents.fill(if row.is_some() { 0.0 } else { f64::NAN });
                    for (to, v) in slot.iter_mut().zip(row.unwrap_or_default()) {
                        *to = *v as f32;
                    }
                }
                let result = self.run_tile(&tile).map(|(_, currents)| currents).unwrap_or_default();
                for (n, current) in out.iter_mut().enumerate() {
                    *current += result.get(n).map_or(f64::NAN, |&i| f64::from(i));
                }
            }
        });
    }

    /// Central differences over 1 mV to each side: exact inside a linear piece of a ReLU network, the
    /// mean of the slopes to both sides where a piece ends within it. `None` if `voltages_v` is not
    /// one row.
    fn jacobian_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        (voltages_v.len() == self.electrodes).then(|| self.jacobians_na_per_v(voltages_v))?
    }

    /// All rows and outputs from the same tiles: a row alone needs a fifth of one.
    fn jacobians_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        let k = self.electrodes;
        let mut rows = Vec::with_capacity(2 * k * voltages_v.len());
        for row in voltages_v.chunks_exact(k) {
            for electrode in 0..k {
                for step_v in [GRADIENT_STEP_V, -GRADIENT_STEP_V] {
                    rows.extend_from_slice(row);
                    let moved = rows.len() - k + electrode;
                    rows[moved] += step_v;
                }
            }
        }
        let outputs = self.outputs;
        let mut currents = vec![0.0; rows.len() / k * outputs];
        self.currents_na(&rows, &mut currents);
        // The distance between the two rows as the network saw them, in f32.
        let seen = |v: f64| f64::from(v as f32);
        let width = |v: f64| seen(v + GRADIENT_STEP_V) - seen(v - GRADIENT_STEP_V);
        let mut jacobians = Vec::with_capacity(outputs * voltages_v.len());
        let moved = currents.chunks_exact(2 * outputs * k);
        for (row, moved) in voltages_v.chunks_exact(k).zip(moved) {
            for j in 0..outputs {
                let pairs = moved.chunks_exact(2 * outputs).zip(row);
                jacobians.extend(pairs.map(|(pair, &v)| (pair[j] - pair[outputs + j]) / width(v)));
            }
        }
        Some(jacobians)
    }
}

/// Voltages between -1 and 1 without any pattern; the golden ratio never repeats.
fn mixed(count: usize) -> Vec<f32> {
    (0..count).map(|i| (2.0 * (i as f64 * 0.618_033_988_75).fract() - 1.0) as f32).collect()
}

/// The declared input and output of a surrogate.
struct Ports<'a> {
    input: &'a str,
    output: &'a str,
    /// `None`: open.
    rows: Option<usize>,
    electrodes: usize,
    /// Declared currents of a row. `None`: open.
    columns: Option<usize>,
}

impl<'a> Ports<'a> {
    /// # Errors
    /// Found and expected shapes.
    fn of(graph: &'a GraphProto) -> Result<Self, (String, &'static str)> {
        let constants: HashSet<_> = graph.initializer.iter().map(|tensor| &tensor.name).collect();
        let free: Vec<_> = graph.input.iter().filter(|i| !constants.contains(&i.name)).collect();
        let [input] = free[..] else {
            return Err((format!("{} inputs", free.len()), "exactly one, [n, K]"));
        };
        let [output] = &graph.output[..] else {
            return Err((format!("{} outputs", graph.output.len()), "exactly one, [n, J]"));
        };
        let size = |dim: &Dimension| dim.dim_value.and_then(|size| usize::try_from(size).ok());
        let (rows, electrodes) = match dimensions(input) {
            Some([rows, k]) if is_float(input) && size(k).is_some_and(|k| k >= 2) => {
                (rows, size(k))
            }
            _ => {
                let expected = "a float input [n, K] with K >= 2 fixed in the file";
                return Err((format!("the input {}", describe(input)), expected));
            }
        };
        let (columns, columns_fit) = match dimensions(output) {
            None => (None, true),
            Some([_, columns]) => {
                let most = MOST_OUTPUTS as i64;
                let fits = columns.dim_value.is_none_or(|size| (1..=most).contains(&size));
                (size(columns), fits)
            }
            Some(_) => (None, false),
        };
        if !columns_fit || !is_float(output) {
            let expected = "a float output [n, J] with J of 1 to 8";
            return Err((format!("the output {}", describe(output)), expected));
        }
        let name = |port: &'a ValueInfoProto| port.name.as_deref().unwrap_or_default();
        Ok(Ports {
            input: name(input),
            output: name(output),
            rows: size(rows),
            electrodes: electrodes.unwrap_or_default(),
            columns,
        })
    }
}

/// Declared dimensions of a port.
fn dimensions(port: &ValueInfoProto) -> Option<&[Dimension]> {
    Some(&port.r#type.as_ref()?.tensor_type.as_ref()?.shape.as_ref()?.dim)
}

/// Whether a port is a float tensor, as far as the file says.
fn is_float(port: &ValueInfoProto) -> bool {
    let tensor = port.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
    tensor.and_then(|tensor| tensor.elem_type).is_none_or(|kind| kind == DataType::FLOAT)
}

/// Name, type and shape of a port, for errors.
fn describe(port: &ValueInfoProto) -> String {
    let name = quoted(port.name.as_deref().unwrap_or("without name"));
    if !is_float(port) {
        return format!("{name} that is not float");
    }
    let Some(dimensions) = dimensions(port) else {
        return format!("{name} without a declared shape");
    };
    let size = |d: &Dimension| match (d.dim_value, &d.dim_param) {
        (Some(size), _) => size.to_string(),
        (None, Some(symbol)) => hge_system::text::quoted(symbol, 20),
        (None, None) => "?".into(),
    };
    let sizes: Vec<String> = dimensions.iter().take(10).map(size).collect();
    format!("{name} [{}]", sizes.join(", "))
}

/// The runtime's words on one line, cut.
fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    hge_system::text::quoted(&words, hge_system::text::QUOTED_CHARS)
}
