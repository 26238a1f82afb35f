// Checksum: a receiver that compares the feedback of its register with a fixed sequence over the last word of a frame accepts the
// complement of the sender's register, whatever the message was, and no other word.
//
// Stands in a module `crc` with two emitted registers; both have processed the same bits, then the sender's shifts without feedback. Bits
// are flipped on the way only in that word: the message is compared word by word in `frames.sv`.

    localparam [31:0] FV_SEQUENCE = 32'h`SEQUENCE;
    localparam [31:0] FV_POLYNOMIAL = 32'hedb88320;
    reg fv_begun = 1'b0;
    // Bits of the last word so far, and whether all came as they were sent and were accepted.
    reg [5:0] fv_place = 6'd0;
    reg fv_is_plain = 1'b0;
    reg fv_same = 1'b1;
    reg fv_accepted = 1'b1;
    // What the registers differ by after so many bits of it: the same for every message.
    wire [33 * 32 - 1:0] fv_differences;
    assign fv_differences[31:0] = 32'd0;
    genvar fv_bit;
    generate for (fv_bit = 0; fv_bit < 32; fv_bit = fv_bit + 1) begin : fv_register
        wire [31:0] fv_before = fv_differences[32 * fv_bit +: 32];
        assign fv_differences[32 * fv_bit + 32 +: 32] = {1'b0, fv_before[31:1]} ^ (fv_before[0] ? 32'd0 : FV_POLYNOMIAL);
    end endgenerate
    wire [31:0] fv_difference = fv_differences[32 * fv_place +: 32];
    reg [31:0] fv_message = 32'hffffffff;
    (* hierconn *) wire [31:0] \sender.register ;
    (* hierconn *) wire [31:0] \receiver.register ;
    wire [31:0] fv_sent = \sender.register ;
    wire [31:0] fv_received = \receiver.register ;
    wire fv_accepts = feedback == FV_SEQUENCE[fv_place[4:0]];
    always @(*) begin
        assume (fv_begun || clear);
        assume (plain == fv_is_plain && (!step || fv_place != 6'd32));
        assume (fv_is_plain || !flip);
    end
`ifdef NARROW
    // A message of four bits, in whose checksum a bit may be flipped.
    reg [1:0] fv_count = 2'd0;
    always @(posedge clock) fv_count <= clear ? 2'd0 : fv_count == 2'd3 ? 2'd3 : fv_count + 2'd1;
    always @(*) assume (clear == !fv_begun && step == (fv_place != 6'd32) && last == (fv_count == 2'd3));
`endif
    always @(posedge clock) begin
        fv_begun <= 1'b1;
        if (step) begin
            fv_same <= fv_same && !flip;
            if (fv_is_plain) begin
                fv_accepted <= fv_accepted && fv_accepts;
                fv_place <= fv_place + 6'd1;
            end else fv_message <= {1'b0, fv_message[31:1]} ^ ((fv_message[0] ^ bit_) ? FV_POLYNOMIAL : 32'd0);
        end
        if (last && !fv_is_plain) fv_is_plain <= 1'b1;
        if (clear) begin
            fv_place <= 6'd0;
            fv_is_plain <= 1'b0;
            fv_same <= 1'b1;
            fv_accepted <= 1'b1;
            fv_message <= 32'hffffffff;
        end
    end

    always @(posedge clock) if (fv_begun) begin
        register_is_the_checksum_of_the_message: assert (fv_is_plain || fv_sent == fv_message);
        sender_sends_its_register: assert (fv_is_plain ? fv_place <= 6'd32 && fv_sent == fv_message >> fv_place : fv_place == 6'd0);
        difference_is_the_same_for_every_message: assert (!fv_same || (fv_sent ^ fv_received) == fv_difference);
        a_right_checksum_is_accepted: assert (!fv_same || fv_accepted);
        no_other_is: assert (fv_same || !fv_accepted);
        cover (fv_place == 6'd32 && fv_accepted);
    end
