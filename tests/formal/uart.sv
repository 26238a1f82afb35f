// UART: every byte that is sent is received, once, in the middle of its stop bit, and no line fault is seen, at a whole number of
// clocks a bit; bytes come at any time, also without a pause.
//
// Stands in a module `uart` with both emitted halves, joined by the line; its wires rx_ and tx_ are their registers.

    localparam FV_BIT = `BIT_CLOCKS;
    // The first sample: three clocks through the flip-flops, then to the middle of the bit.
    localparam FV_FIRST = 3 + (FV_BIT * 128 - 320) / 256;
    localparam [23:0] FV_FRACTION = (FV_BIT * 128 - 320) % 256;
    reg fv_begun = 1'b0;
    always @(*) assume (reset == !fv_begun);

    // Clocks since the byte was taken.
    reg fv_sends = 1'b0;
    reg [7:0] fv_clock = 8'd0;
    reg [7:0] fv_byte = 8'd0;
    reg fv_low_1 = 1'b0;
    reg fv_low_2 = 1'b0;
    reg [1:0] fv_clear = 2'd0;
    always @(posedge clock) begin
        fv_begun <= 1'b1;
        fv_low_1 <= !line;
        fv_low_2 <= fv_low_1;
        fv_clear <= reset ? 2'd0 : fv_clear == 2'd3 ? 2'd3 : fv_clear + 2'd1;
        if (fv_sends) fv_clock <= fv_clock + 8'd1;
        if (fv_clock == 10 * FV_BIT - 1) fv_sends <= 1'b0;
        if (valid && ready) begin
            fv_sends <= 1'b1;
            fv_clock <= 8'd0;
            fv_byte <= byte_;
        end
    end
    // Until the receiver has seen the line at rest.
    always @(*) if (fv_clear != 2'd3) assume (!valid);

    wire [3:0] fv_bit = fv_clock / FV_BIT;
    wire [7:0] fv_in_bit = fv_clock % FV_BIT;
    wire [9:0] fv_levels = {1'b1, fv_byte, 1'b0};
    wire fv_samples_begin = fv_sends && fv_clock > FV_FIRST;
    wire [3:0] fv_samples = fv_samples_begin ? (fv_clock - FV_FIRST - 1) / FV_BIT + 1 : 0;
    wire fv_in_bits = fv_sends && fv_clock >= 3 && fv_clock <= FV_FIRST + 9 * FV_BIT;
    wire [3:0] fv_data_bits = fv_samples == 4'd0 ? 4'd0 : fv_samples - 4'd1;
    wire [23:0] fv_left = FV_FRACTION + ((FV_FIRST + 10 * FV_BIT - fv_clock) % FV_BIT) * 256;

    wire fv_is_clear = fv_clear == 2'd3;
    wire fv_at_rest = line && !fv_low_1 && !fv_low_2 && !fv_sends;
    always @(posedge clock) flip_flops_are_two_clocks_late: assert (rx_level == fv_low_2
        && (fv_is_clear || fv_at_rest) && (fv_begun || fv_clear == 2'd0));
    always @(posedge clock) if (fv_begun) begin
        line_has_the_bit: assert (line == (fv_sends ? fv_levels[fv_bit] : 1'b1));
        next_byte_may_follow_at_once: assert (ready == (!fv_sends || fv_clock == 10 * FV_BIT - 1) && (!fv_sends || fv_clock < 10 * FV_BIT));
        transmitter_has_time: assert (tx_left == (fv_sends ? (FV_BIT - 1 - fv_in_bit) * 256 : 0));
        transmitter_has_the_bits: assert (tx_bits_left == (fv_sends ? 9 - fv_bit : 0) && (!fv_sends || tx_inverted == (fv_byte ^ 8'hff) >> fv_bit));
        receiver_rests_between: assert (fv_clear != 2'd3 || rx_idle == !(fv_in_bits || (fv_sends && fv_clock == FV_FIRST + 9 * FV_BIT + 1)));
        receiver_is_in_step: assert (rx_in_bits == fv_in_bits);
        receiver_has_sampled: assert (!fv_in_bits || rx_samples == fv_samples);
        receiver_has_time: assert (!fv_in_bits || rx_left == fv_left);
        receiver_has_the_bits: assert (!fv_in_bits || (rx_byte >> (4'd8 - fv_data_bits)) == (fv_byte & ~(8'hff << fv_data_bits)));
        sent_is_received_once: assert (rx_valid == (fv_sends && fv_clock == FV_FIRST + 9 * FV_BIT));
        if (rx_valid) sent_is_received: assert (rx_byte == fv_byte);
        no_line_fault: assert (!rx_fault);
        cover (rx_valid && rx_byte == 8'ha5);
    end
