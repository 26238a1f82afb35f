// Plays a host to the instrument, gives it the ADC codes of a log, and writes down what it says.
//
// Its clock is that of the engine in rust-hdl's simulation (sim/src/rtl.rs): inputs change while the clock is low, the
// ADC's code is given in the clock with `tick`, before the edge that takes it. A line is sent when the instrument has
// been resting for QUIET clocks.
//
// reads   lines.hex     a byte a line, bit 8 set on the last of what the host says at once
//         adc.hex       an ADC code a line, one a tick
// writes  bytes.txt     a byte a line
//         codes.txt     the DAC codes that stand at each tick, output 0 first, a line a tick

`timescale 1ns / 1ps

module bench;
    parameter OUTPUTS = 8;
    parameter BYTES = 1;
    parameter SAMPLES = 1;
    parameter QUIET = 8;
    // 0: every byte is taken at once; else the seed of the clocks in which none is.
    parameter STUTTER = 0;
    parameter MOST_CLOCKS = 1000000;
    // Clocks of the power-on reset, in which outputs may be unknown.
    parameter RESET_CLOCKS = 64;

    reg clock;
    reg locked;
    reg hold;
    reg [7:0] rx_byte;
    reg rx_valid;
    wire rx_ready;
    wire [7:0] tx_byte;
    wire tx_valid;
    reg tx_ready;
    reg signed [15:0] adc;
    wire tick;
    wire dac_write;
    wire [4:0] dac_index;
    wire signed [15:0] dac_code;
    wire armed;
    wire busy;
    wire active;
    wire resting;
    wire window;
    wire trigger;
    wire reference;

    hge_instrument instrument (
        .clock(clock),
        .locked(locked),
        .hold(hold),
        .rx_byte(rx_byte),
        .rx_valid(rx_valid),
        .rx_ready(rx_ready),
        .tx_byte(tx_byte),
        .tx_valid(tx_valid),
        .tx_ready(tx_ready),
        .adc(adc),
        .tick(tick),
        .dac_write(dac_write),
        .dac_index(dac_index),
        .dac_code(dac_code),
        .armed(armed),
        .busy(busy),
        .active(active),
        .resting(resting),
        .window(window),
        .interlock(1'b1),
        .rx_fault(1'b0),
        .trigger(trigger),
        .reference(reference)
    );

    reg [8:0] line_bytes [0:BYTES - 1];
    reg [15:0] adc_codes [0:SAMPLES - 1];
    reg [15:0] dac_codes [0:OUTPUTS - 1];
    reg [31:0] lfsr;
    reg stirs;
    reg waits;
    reg done;
    integer position;
    integer sample;
    integer sent;
    integer quiet;
    integer clocks;
    integer output_number;
    integer bytes_file;
    integer codes_file;

    initial begin
        $readmemh("lines.hex", line_bytes);
        $readmemh("adc.hex", adc_codes);
        bytes_file = $fopen("bytes.txt", "w");
        codes_file = $fopen("codes.txt", "w");
        for (output_number = 0; output_number < OUTPUTS; output_number = output_number + 1) begin
            dac_codes[output_number] = 16'd0;
        end
        clock = 1'b0;
        locked = 1'b1;
        hold = 1'b1;
        rx_byte = 8'd0;
        rx_valid = 1'b0;
        tx_ready = 1'b1;
        adc = 16'sd0;
        lfsr = STUTTER;
        position = 0;
        waits = 1'b0;
        sample = 0;
        sent = 0;
        quiet = 0;
        clocks = 0;
        done = 1'b0;
        while (!done) begin
            clock = 1'b0;
            rx_valid = !waits && position < BYTES;
            rx_byte = rx_valid ? line_bytes[position][7:0] : 8'd0;
            if (STUTTER != 0) begin
                // A linear feedback shift register of maximal length, 32 bits.
                lfsr = {lfsr[30:0], lfsr[31] ^ lfsr[21] ^ lfsr[1] ^ lfsr[0]};
                tx_ready = lfsr[0];
            end
            #1;
            if (clocks >= RESET_CLOCKS
                && (^{rx_ready, tx_valid, tick, dac_write, active, resting, armed, busy, window, trigger, reference}) === 1'bx) begin
                $display("clock %0d: an output is unknown", clocks);
                $fatal;
            end
            if (tick === 1'b1) begin
                for (output_number = 0; output_number < OUTPUTS; output_number = output_number + 1) begin
                    $fwrite(codes_file, "%h ", dac_codes[output_number]);
                end
                $fwrite(codes_file, "\n");
                adc = sample < SAMPLES ? adc_codes[sample] : 16'd0;
                sample = sample + 1;
            end
            // The code must stand before the edge that takes it.
            #1;
            if (dac_write === 1'b1) begin
                dac_codes[dac_index] = dac_code;
            end
            stirs = rx_valid;
            if (rx_valid && rx_ready === 1'b1) begin
                waits = line_bytes[position][8];
                position = position + 1;
            end
            if (tx_valid === 1'b1) begin
                stirs = 1'b1;
                if (tx_ready) begin
                    $fdisplay(bytes_file, "%h", tx_byte);
                    sent = sent + 1;
                end
            end
            clock = 1'b1;
            #1;
            quiet = (stirs || resting !== 1'b1) ? 0 : quiet + 1;
            if (quiet >= QUIET) begin
                quiet = 0;
                waits = 1'b0;
                done = position == BYTES;
            end
            clocks = clocks + 1;
            if (clocks > MOST_CLOCKS) begin
                $display("not at rest after %0d clocks, %0d bytes taken", clocks, position);
                $fatal;
            end
        end
        $fclose(bytes_file);
        $fclose(codes_file);
        $display("figures: %0d clocks", clocks);
        $finish(0);
    end
endmodule
