//! What the instrument measures and learns in simulation, against closed forms and exact slopes.

mod amplitudes;
mod by_formula;
mod calibration;
mod confidence;
mod curvature;
mod gates;
mod gradient;
mod intervals;
mod jacobian;
mod methods;
mod own_device;
mod phases;
mod report;
mod reproduce;
mod scale;
mod selftest;
mod settling;
mod small_signals;
mod solved;
mod spectrum;
mod standalone_image;
mod tasks;
mod tones;
mod track;
mod waveform;
mod weights;
