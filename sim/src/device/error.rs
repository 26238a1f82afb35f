//! Errors when a device is opened.

use std::path::PathBuf;

/// Why a device could not be opened: what, where, and what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The text names no device.
    #[error("`{spec}` is not a device: write {}", super::forms())]
    UnknownSpec {
        /// The text as given.
        spec: String,
    },
    /// The device exists, but the text after its name is invalid.
    #[error("in device `{spec}`: {what}; {change}")]
    BadSpec {
        /// The text as given.
        spec: String,
        /// The fault.
        what: String,
        /// Valid text.
        change: String,
    },
    /// A parameter of the hopping device is outside its range.
    #[error("hopping device: `{name}` is {found}, but must lie from {low} to {high} ({unit})")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// The value given.
        found: f64,
        /// Smallest legal value.
        low: f64,
        /// Largest legal value.
        high: f64,
        /// Unit of the three numbers.
        unit: &'static str,
    },
    /// A coefficient of a linear or polynomial device cannot be used.
    #[error("{device} device: {what}; {change}")]
    Coefficient {
        /// `linear` or `polynomial`.
        device: &'static str,
        /// The fault, and its place.
        what: String,
        /// Valid input.
        change: &'static str,
    },
    /// A function's device has a number of electrodes or outputs that no instrument has.
    #[error("the device {name} has {count} {of}: let it have 1 to {most}")]
    Function {
        /// Name of the device.
        name: String,
        /// Given.
        count: usize,
        /// Of which.
        of: &'static str,
        /// The most.
        most: usize,
    },
    /// A network's device or wire cannot be used.
    #[error("device {device} of the network: {what}; {change}")]
    Network {
        /// The device, counted from 0.
        device: usize,
        /// The fault.
        what: String,
        /// The remedy.
        change: String,
    },
    /// A device's process does not run, or violates the protocol.
    #[error("the device process `{command}` {what}; {change}")]
    Process {
        /// The command, the beginning of a long one.
        command: String,
        /// The fault.
        what: String,
        /// The remedy.
        change: &'static str,
    },
    /// Models are not read by this build.
    #[cfg(not(feature = "onnx"))]
    #[error("this program reads no ONNX models: build it with the feature `onnx` of hge-sim")]
    WithoutOnnx,
    /// The model file could not be read.
    #[error("cannot read the device model {}: {source}; check the path after `onnx:`", path.display())]
    ModelFile {
        /// Path as given.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The file is no ONNX model that can be loaded.
    #[error("{} is not an ONNX model that can be loaded: {reason}; export the surrogate as .onnx (operators of opset 17)", path.display())]
    ModelFormat {
        /// Path as given.
        path: PathBuf,
        /// The loader's reason.
        reason: String,
    },
    /// The model loads but does not map voltages to currents.
    #[error("{} does not map voltages to currents: found {found}, expected {expected}", path.display())]
    ModelShape {
        /// Path as given.
        path: PathBuf,
        /// Shape of the model.
        found: String,
        /// Required shape.
        expected: &'static str,
    },
    /// The model holds what is not evaluated: an operator without a bound, or too large a value.
    #[error("{} cannot be evaluated as a surrogate: {problem}; export a smaller model of plain float operators", path.display())]
    ModelBounds {
        /// Path as given.
        path: PathBuf,
        /// The operator or constant, and the reason.
        problem: String,
    },
    /// A row's currents depend on other rows.
    #[error("{} does not map voltages to currents: a row's current depends on the other rows of its batch, or on its position in the batch; export the surrogate without operators along the first axis", path.display())]
    ModelRows {
        /// Path as given.
        path: PathBuf,
    },
    /// The model has the right shape but fails when it is evaluated.
    #[error("{} fails when it is evaluated: {reason}; export the surrogate anew with plain float operators", path.display())]
    ModelRun {
        /// Path as given.
        path: PathBuf,
        /// The runtime's reason.
        reason: String,
    },
}
