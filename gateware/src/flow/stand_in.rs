//! `hge_board` around the instrument on a serial line, until the converters are in it: shift registers take their place, so
//! that nothing of the instrument is optimised away.

use crate::board_file::Board;
use crate::package::{self, PackageError};

/// Verilog of `hge_board` and all below.
///
/// # Errors
/// A generic or the rate out of range; a block the emitter refuses.
pub fn verilog(board: &Board, build_hash: u32) -> Result<String, PackageError> {
    let file =
        package::serial_instrument_of_build(&board.parameters(), board.file.uart.baud, build_hash)?;
    Ok(format!("{}\n{MODULE}", file.text))
}

const MODULE: &str = "\
module hge_board (
    input wire clock,
    input wire locked,
    input wire rx,
    output wire tx,
    input wire interlock,
    input wire arm_button,
    output reg dac_sclk,
    output reg dac_sync_n,
    output wire dac_data,
    output reg adc_sclk,
    output reg adc_cs_n,
    input wire adc_data,
    output wire output_enable,
    output wire trigger,
    output wire reference,
    output wire led_armed,
    output reg led_fault,
    output wire led_activity
);

wire tick;
wire dac_write;
wire [4:0] dac_index;
wire signed [15:0] dac_code;
wire busy;
wire window;
reg signed [15:0] adc;
reg [20:0] shifted;

always @(posedge clock) begin
    adc <= {adc[14:0], adc_data};
    shifted <= dac_write ? {dac_index, dac_code} : {shifted[19:0], 1'b0};
    dac_sclk <= !dac_sclk;
    dac_sync_n <= !dac_write;
    adc_sclk <= !adc_sclk;
    adc_cs_n <= !tick;
    led_fault <= !interlock;
end

assign dac_data = shifted[20];
assign led_armed = output_enable;
assign led_activity = busy | (window & arm_button);

hge_serial_instrument serial (
    .clock(clock),
    .locked(locked),
    .interlock(interlock),
    .rx(rx),
    .tx(tx),
    .adc(adc),
    .tick(tick),
    .dac_write(dac_write),
    .dac_index(dac_index),
    .dac_code(dac_code),
    .armed(output_enable),
    .busy(busy),
    .window(window),
    .trigger(trigger),
    .reference(reference)
);

endmodule
";
