//! Any surrogate network of a measured device, from an ONNX file, evaluated by `rten`.
//!
//! A surrogate has one float input `[n, K]` (volts) and one float output `[n, 1]` (nA). The runtime
//! chooses its arithmetic by the number of rows, and even by a row's place in a block, so a row's last
//! bits could depend on its company. Every call therefore evaluates **tiles** of one fixed number of
//! rows, the last one padded; when a model is loaded, a check places rows at every position of a tile
//! and among other neighbours, and where the bits differ a tile holds one row only, the first.

#[cfg(test)]
mod encode;
#[cfg(test)]
mod tests;

use super::{is_finite, Device, DeviceError};
use hge_system::file;
use rten::{DataType, Dimension, Model, NodeId, RunOptions, ThreadPool, ValueType, ValueView};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows in a tile: long enough to hide the runtime's cost per call, short enough for single samples.
const TILE_ROWS: usize = 64;

/// Half the distance of the finite difference that gives slopes. A surrogate of ReLUs is piecewise
/// linear, so any step inside a piece is exact; 1 mV keeps the rounding of f32 outputs (about 1e-5 nA)
/// below 0.01 nA/V.
const GRADIENT_STEP_V: f64 = 1e-3;

/// A surrogate network with K >= 2 electrodes.
#[derive(Debug)]
pub struct OnnxDevice {
    path: PathBuf,
    model: Model,
    input: NodeId,
    output: NodeId,
    electrodes: usize,
    tile_rows: usize,
    filled_rows: usize,
    unit_is_named: bool,
    pool: Arc<ThreadPool>,
}

impl OnnxDevice {
    /// Loads the model at `path` and checks that it maps K >= 2 voltages to one current.
    ///
    /// # Errors
    /// [`DeviceError::ModelFile`] if it cannot be read, [`DeviceError::ModelFormat`] if it is no ONNX
    /// model, [`DeviceError::ModelShape`] if inputs or outputs differ from what is needed,
    /// [`DeviceError::ModelRun`] if a trial evaluation fails.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, DeviceError> {
        let path = path.as_ref().to_path_buf();
        let bytes = file::read(&path, file::DATA_BYTES)
            .map_err(|source| DeviceError::ModelFile { path: path.clone(), source })?;
        let model = Model::load(bytes).map_err(|error| DeviceError::ModelFormat {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        let shape =
            |found, expected| DeviceError::ModelShape { path: path.clone(), found, expected };

        let &[input] = model.input_ids() else {
            return Err(shape(
                format!("{} inputs", model.input_ids().len()),
                "exactly one, [n, K]",
            ));
        };
        let &[output] = model.output_ids() else {
            return Err(shape(
                format!("{} outputs", model.output_ids().len()),
                "exactly one, [n, 1]",
            ));
        };
        let (rows, electrodes) = match dimensions(&model, input).as_deref() {
            Some([rows, Dimension::Fixed(k)]) if *k >= 2 => (rows.clone(), *k),
            found => {
                return Err(shape(
                    format!("the input {}", describe(&model, input, found)),
                    "a float input [n, K] with K >= 2 fixed in the file",
                ))
            }
        };
        let out_dimensions = dimensions(&model, output);
        if matches!(out_dimensions.as_deref(), Some(d) if d.len() != 2 || matches!(d[1], Dimension::Fixed(w) if w != 1))
            || !is_float(&model, output)
        {
            return Err(shape(
                format!("the output {}", describe(&model, output, out_dimensions.as_deref())),
                "a float output [n, 1]",
            ));
        }
        let tile_rows = match rows {
            Dimension::Fixed(fixed) => fixed.max(1),
            Dimension::Symbolic(_) => TILE_ROWS,
        };
        let unit_is_named =
            model.node_info(output).and_then(|i| i.name()).is_some_and(|name| name.ends_with("nA"));
        // One thread: the networks are too small to share, and waking a pool costs more than a tile.
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        let mut device = Self {
            path,
            model,
            input,
            output,
            electrodes,
            tile_rows,
            filled_rows: tile_rows,
            unit_is_named,
            pool,
        };
        device.check_output_shape()?;
        device.check_finite()?;
        if !device.rows_are_independent() {
            device.filled_rows = 1;
            if matches!(rows, Dimension::Symbolic(_)) {
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

    /// Output of one full tile, `[tile_rows, K]` to `[tile_rows, 1]`.
    fn run_tile(&self, tile: &[f32]) -> Result<([usize; 2], Vec<f32>), String> {
        let input = ValueView::from_shape([self.tile_rows, self.electrodes], tile)
            .map_err(|error| error.to_string())?;
        let options = RunOptions::default().with_thread_pool(Some(self.pool.clone()));
        let [output] = self
            .model
            .run_n(vec![(self.input, input.into())], [self.output], Some(options))
            .map_err(|error| error.to_string())?;
        output.into_shape_vec::<f32, 2>().map_err(|error| error.to_string())
    }

    /// Evaluates one tile of zeros: what the file declares about its output may be missing or wrong.
    fn check_output_shape(&self) -> Result<(), DeviceError> {
        let zeros = vec![0.0; self.tile_rows * self.electrodes];
        let (found, _) = self
            .run_tile(&zeros)
            .map_err(|reason| DeviceError::ModelRun { path: self.path.clone(), reason })?;
        if found != [self.tile_rows, 1] {
            return Err(DeviceError::ModelShape {
                path: self.path.clone(),
                found: format!("an output {found:?} for {} rows", self.tile_rows),
                expected: "one current a row, [n, 1]",
            });
        }
        Ok(())
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
            Some(row) => {
                let volts = &tile[row * self.electrodes..(row + 1) * self.electrodes];
                Err(failed(format!("its current is {} at {volts:.2?} V", currents[row])))
            }
        }
    }

    /// Whether a row's bits are the same at every position of a tile (at 64 positions of a long one),
    /// whatever stands beside it.
    fn rows_are_independent(&self) -> bool {
        let (n, k) = (self.tile_rows, self.electrodes);
        let mixed = mixed(n * k);
        let Ok((_, reference)) = self.run_tile(&mixed) else { return false };
        (0..n).step_by(n.div_ceil(TILE_ROWS)).all(|shift| {
            // Row r moves to position r + shift; the upper half of the neighbours is set to zero.
            let mut tile = vec![0.0; n * k];
            for r in 0..n.div_ceil(2) {
                let to = (r + shift) % n;
                tile[to * k..(to + 1) * k].copy_from_slice(&mixed[r * k..(r + 1) * k]);
            }
            self.run_tile(&tile).is_ok_and(|(_, moved)| {
                (0..n.div_ceil(2))
                    .all(|r| moved[(r + shift) % n].to_bits() == reference[r].to_bits())
            })
        })
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

    /// A tile whose evaluation fails gives NaN; loading has shown that evaluation works.
    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        let k = self.electrodes;
        // Inside the pool once a call, not once a tile.
        self.pool.run(|| {
            let mut tile = vec![0.0f32; self.tile_rows * k];
            let mut rows = voltages_v.chunks_exact(k);
            for out in current_na.chunks_mut(self.filled_rows) {
                tile.fill(0.0);
                for (current, slot) in out.iter_mut().zip(tile.chunks_exact_mut(k)) {
                    *current = f64::NAN;
                    if let Some(row) = rows.next().filter(|row| is_finite(row)) {
                        *current = 0.0;
                        for (to, v) in slot.iter_mut().zip(row) {
                            *to = *v as f32;
                        }
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
    fn gradient_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        (voltages_v.len() == self.electrodes).then(|| self.gradients_na_per_v(voltages_v))?
    }

    /// All rows in the same tiles: a row alone needs a fifth of one.
    fn gradients_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
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
        let mut currents = vec![0.0; rows.len() / k];
        self.currents_na(&rows, &mut currents);
        // The distance between the two rows as the network saw them, in f32.
        let seen = |v: f64| f64::from(v as f32);
        let slopes = currents.chunks_exact(2).zip(voltages_v).map(|(pair, v)| {
            (pair[0] - pair[1]) / (seen(v + GRADIENT_STEP_V) - seen(v - GRADIENT_STEP_V))
        });
        Some(slopes.collect())
    }
}

/// Voltages between -1 and 1 without any pattern; the golden ratio never repeats.
fn mixed(count: usize) -> Vec<f32> {
    (0..count).map(|i| (2.0 * (i as f64 * 0.618_033_988_75).fract() - 1.0) as f32).collect()
}

/// Declared dimensions of a float value; `None` if it is not float or declares none.
fn dimensions(model: &Model, id: NodeId) -> Option<Vec<Dimension>> {
    model.node_info(id)?.shape().filter(|_| is_float(model, id))
}

/// Whether a value is a float tensor, as far as the file says.
fn is_float(model: &Model, id: NodeId) -> bool {
    let declared = model.node_info(id).and_then(|info| info.dtype());
    matches!(declared, None | Some(ValueType::Tensor(DataType::Float)))
}

/// Name, type and shape of a value, for errors.
fn describe(model: &Model, id: NodeId, dimensions: Option<&[Dimension]>) -> String {
    let info = model.node_info(id);
    let name = info.as_ref().and_then(|i| i.name()).unwrap_or("without name");
    if !is_float(model, id) {
        return format!("`{name}` that is not float");
    }
    let Some(dimensions) = dimensions else {
        return format!("`{name}` without a declared shape");
    };
    let sizes: Vec<String> = dimensions
        .iter()
        .map(|d| match d {
            Dimension::Fixed(size) => size.to_string(),
            Dimension::Symbolic(symbol) => symbol.clone(),
        })
        .collect();
    format!("`{name}` [{}]", sizes.join(", "))
}
