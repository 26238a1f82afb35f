// Frames: what the sender of the link puts on the line its receiver takes off, every frame, word by word, in order and once.
//
// Stands in the emitted module `hge_link`, whose line is joined to itself. Processor, ring and memories are cut: frames come at any time,
// words when they like, and stay until they are sent. A frame has 3 to 67 words, as many as a request; its checksum follows, of any value, and
// is accepted if it comes as it was sent (`crc.sv`). A word read from the block of COBS is the one written last (`ram.sv`).

    localparam [2:0] FV_IDLE = 3'd0, FV_SHIFT = 3'd1, FV_PUT = 3'd2, FV_CODE = 3'd3, FV_FETCH = 3'd4, FV_SEND = 3'd5, FV_DELIMITER = 3'd6;
    localparam [2:0] FV_READY = 3'd0, FV_COUNT = 3'd1, FV_DATA = 3'd2, FV_STORE = 3'd3, FV_END = 3'd4, FV_DONE = 3'd5;
    (* hierconn *) wire [2:0] \sender.state ;
    (* hierconn *) wire \sender.is_telemetry ;
    (* hierconn *) wire \sender.first ;
    (* hierconn *) wire \sender.closing ;
    (* hierconn *) wire \sender.ended ;
    (* hierconn *) wire [4:0] \sender.position ;
    (* hierconn *) wire [11:0] \sender.left ;
    (* hierconn *) wire \sender.borrow ;
    (* hierconn *) wire \sender.some_left ;
    (* hierconn *) wire [7:0] \sender.gathered ;
    (* hierconn *) wire \sender.empty_due ;
    (* hierconn *) wire [7:0] \sender.place ;
    (* hierconn *) wire \sender.steps ;
    (* hierconn *) wire \sender.digit ;
    (* hierconn *) wire \sender.block_write_enable ;
    (* hierconn *) wire [15:0] \sender.block_read_data ;
    (* hierconn *) wire [2:0] \receiver.state ;
    (* hierconn *) wire [7:0] \receiver.top ;
    (* hierconn *) wire [23:0] \receiver.lower ;
    (* hierconn *) wire [2:0] \receiver.bit_number ;
    (* hierconn *) wire [1:0] \receiver.byte_number ;
    (* hierconn *) wire [7:0] \receiver.index ;
    (* hierconn *) wire [7:0] \receiver.left ;
    (* hierconn *) wire \receiver.borrow ;
    (* hierconn *) wire \receiver.some_left ;
    (* hierconn *) wire \receiver.ones ;
    (* hierconn *) wire \receiver.zero_due ;
    (* hierconn *) wire \receiver.begun ;
    (* hierconn *) wire \receiver.spoiled ;
    (* hierconn *) wire \receiver.closing ;
    (* hierconn *) wire \receiver.waiting ;
    (* hierconn *) wire \receiver.agrees ;
    wire [2:0] fv_s = \sender.state ;
    wire [2:0] fv_r = \receiver.state ;
    wire [7:0] fv_place = \sender.place ;
    wire [4:0] fv_position = \sender.position ;
    wire [2:0] fv_bits = \receiver.bit_number ;
    wire [7:0] fv_top = \receiver.top ;
    wire fv_zero_due = \receiver.zero_due ;
    wire [7:0] fv_out = \sender.block_read_data ;

    // The frame: words after the first; one word of it, any.
    reg fv_begun = 1'b0;
    (* anyseq *) wire [6:0] fv_any_length;
    (* anyseq *) wire [6:0] fv_any_watch;
    (* anyseq *) wire [31:0] fv_any_word;
    reg [6:0] fv_length = 7'd2;
    reg [6:0] fv_watch = 7'd0;
    reg [31:0] fv_word = 32'h00000200;
    wire [11:0] fv_announced = {5'd0, fv_length};
    wire [6:0] fv_all_words = fv_length + 7'd2;
    wire [8:0] fv_total = {fv_all_words, 2'd0};
    wire [8:0] fv_body = fv_total - 9'd4;

    // Sender: bytes of the frame gathered, and those before the present block; where the block ends.
    reg [8:0] fv_sent = 9'd0;
    reg [8:0] fv_base = 9'd0;
    reg [7:0] fv_end = 8'd1;
    wire [8:0] fv_gathered = fv_sent + (fv_s == FV_PUT);
    wire [6:0] fv_number = fv_gathered[8:2];
    wire fv_watched = fv_number == fv_watch;
    wire fv_fills = fv_s == FV_SHIFT || fv_s == FV_PUT;
    wire fv_empties = fv_s == FV_FETCH || fv_s == FV_SEND;
    wire fv_works = fv_s != FV_IDLE && fv_s != FV_DELIMITER;
    wire [7:0] fv_limit = fv_empties ? fv_end : fv_place;

    // The count of words rotates: so many of its bits are new.
    wire [3:0] fv_new_bits = fv_position <= 5'd8 ? 4'd0 : fv_position >= 5'd20 ? 4'd12 : fv_position - 5'd8;
    wire [11:0] fv_new_count = fv_length - fv_number;
    wire [11:0] fv_old_count = fv_new_count + 12'd1;
    wire [11:0] fv_mask = (12'd1 << fv_new_bits) - 12'd1;
    wire [23:0] fv_counts = {fv_new_count, 12'd0} >> fv_new_bits;
    wire [11:0] fv_count = fv_counts[11:0] | fv_old_count >> fv_new_bits;
    wire [11:0] fv_count_mask = fv_number == 7'd0 ? ~(12'hfff >> fv_new_bits) : 12'hfff;

    // The block's memory: the word of one address, any.
    (* anyconst *) wire [7:0] fv_address;
    reg [7:0] fv_content = 8'd0;
    reg [7:0] fv_read_place = 8'd0;
    reg fv_read_known = 1'b0;
    wire [8:0] fv_first_byte = {fv_watch, 2'd0};

    // Receiver: bytes of the frame taken off; left in the block after the present byte; the present byte is one of the block.
    reg [8:0] fv_taken = 9'd0;
    reg [7:0] fv_left = 8'd0;
    reg fv_counted = 1'b0;
    reg fv_ends_block = 1'b0;
    wire fv_accepts = rx_valid && rx_ready;
    wire [8:0] fv_reached = fv_taken + (fv_r == FV_DATA);
    // Bytes of the blocks whose code has come, with the zeros after them.
    wire [8:0] fv_covered = fv_r == FV_COUNT ? fv_taken + fv_zero_due + fv_top - 9'd1 + (fv_top != 8'd255)
        : fv_reached + fv_left + fv_zero_due;
    wire fv_zero_after = fv_r == FV_COUNT ? fv_top != 8'd255 : fv_zero_due;
    wire [7:0] fv_to_come = fv_r == FV_COUNT ? fv_top - 8'd1 : fv_left;
    wire [7:0] fv_bit_mask = (8'd1 << fv_bits) - 8'd1;
    wire [7:0] fv_old_left = fv_r == FV_COUNT ? fv_top : fv_left + fv_counted;
    wire [7:0] fv_new_left = fv_to_come;
    wire [15:0] fv_lefts = {fv_new_left, 8'd0} >> fv_bits;
    wire [7:0] fv_turned = fv_lefts[7:0] | (fv_r == FV_COUNT ? 8'd0 : fv_old_left >> fv_bits);
    wire [7:0] fv_turned_mask = fv_r == FV_COUNT ? ~(8'hff >> fv_bits) : 8'hff;
    // Words begun, and where the last of them goes.
    wire [6:0] fv_words_begun = (fv_taken + 9'd3) >> 2;
    wire [7:0] fv_index = fv_words_begun < 7'd4 ? {1'b0, fv_words_begun} : 8'd60 + fv_words_begun;
    reg [6:0] fv_last_length = 7'd2;

    always @(posedge clock) begin
        fv_begun <= 1'b1;
        if (fv_s == FV_IDLE || reset) begin
            fv_length <= fv_any_length;
            fv_watch <= fv_any_watch;
            fv_word <= fv_any_word;
            fv_sent <= 9'd0;
            fv_base <= 9'd0;
        end
        if (fv_s == FV_PUT) fv_sent <= fv_sent + 9'd1;
        if (fv_s == FV_CODE && tx_ready) fv_end <= fv_place;
        if (fv_s == FV_SEND && fv_place == fv_end) fv_base <= fv_base + fv_end - 9'd1 + \sender.empty_due ;
        if ( \sender.block_write_enable && fv_place == fv_address) fv_content <= \sender.gathered ;
        fv_read_place <= fv_place ;
        fv_read_known <= ! \sender.block_write_enable ;
        if (fv_accepts) begin
            fv_counted <= 1'b1;
            if (fv_left != 8'd0) fv_left <= fv_left - 8'd1;
        end
        if (fv_r == FV_COUNT && fv_bits == 3'd7) begin
            fv_left <= fv_top - 8'd1;
            fv_counted <= 1'b0;
        end
        if (fv_r == FV_DATA && fv_bits == 3'd7) fv_taken <= fv_taken + 9'd1;
        if (fv_r == FV_END || reset) begin
            fv_taken <= 9'd0;
            fv_left <= 8'd0;
            fv_last_length <= fv_length;
        end
    end

    // The line, the environment, the memory.
    wire [4:0] fv_bit_of_byte = {fv_gathered[1:0], 3'd0};
    always @(*) begin
        assume (reset == !fv_begun);
        assume (rx_byte == tx_byte && rx_valid == tx_valid && tx_ready == rx_ready && !rx_fault);
        assume (fv_length >= 7'd2 && fv_length <= 7'd66 && fv_watch <= fv_length + 7'd1 && fv_last_length >= 7'd2 && fv_last_length <= 7'd66);
        if (fv_watch == 7'd0) assume (fv_word[19:8] == fv_length);
        if ( \sender.steps && fv_watched) assume ( \sender.digit == fv_word[fv_position]);
        if ( \sender.steps && fv_number == 7'd0 && fv_new_bits < 4'd12 && fv_position >= 5'd8) assume ( \sender.digit == fv_announced[fv_position - 5'd8]);
        // What is asserted of one address below holds for all.
        if (fv_s == FV_SEND && fv_read_known) assume ((fv_out != 8'd0) == (fv_read_place != fv_end) && &fv_byte_is_read);
        // `crc.sv`: the word after as many as the first announces is the checksum.
        if (fv_r == FV_DATA && fv_taken[8:2] == fv_length + 7'd1) assume ( \receiver.agrees );
    end

`ifdef NARROW
    // Replies of three words, one after the other, of which two are zero, in which covers are reached and faults found.
    always @(*) begin
        assume (processor_reply && processor_reply_stands && !processor_put && processor_release_);
        assume (fv_any_length == 7'd2 && fv_any_watch == 7'd0 && fv_any_word == 32'h00000200);
        if ( \sender.steps && fv_number != 7'd0) assume (! \sender.digit );
    end
`endif

    wire [3:0] fv_byte_is_read;
    wire [3:0] fv_byte_is_kept;
    wire [3:0] fv_zero_is_one;
    wire [3:0] fv_byte_is_here;
    wire [3:0] fv_byte_was_taken;
    wire [3:0] fv_zero_is_due;
    genvar fv_j;
    generate for (fv_j = 0; fv_j < 4; fv_j = fv_j + 1) begin : fv_byte
        wire [8:0] fv_at = fv_first_byte + fv_j;
        wire [8:0] fv_where = fv_at - fv_base + 9'd1;
        wire [7:0] fv_value = fv_word[8 * fv_j +: 8];
        assign fv_byte_is_read[fv_j] = fv_read_place == fv_end || fv_where != fv_read_place || fv_out == fv_value;
        assign fv_byte_is_kept[fv_j] = fv_where != fv_address || fv_content == fv_value;
        assign fv_zero_is_one[fv_j] = fv_at + 9'd1 != fv_sent || ! \sender.empty_due || fv_value == 8'd0;
        // Zeros after a block whose code has come are in no block.
        assign fv_zero_is_due[fv_j] = \receiver.begun && (fv_zero_after && fv_at + 9'd1 == fv_covered || fv_r == FV_COUNT && fv_zero_due && fv_at == fv_taken)
            && fv_value != 8'd0;
        // In the receiver: the present byte, or one of the lower bytes of the present word.
        wire [1:0] fv_behind = 2'd3 - \receiver.byte_number + fv_j;
        assign fv_byte_is_here[fv_j] = fv_r != FV_DATA || fv_taken != fv_at || fv_top == fv_value;
        assign fv_byte_was_taken[fv_j] = fv_taken <= fv_at || fv_taken[8:2] != fv_watch || (( \receiver.lower >> {fv_behind, 3'd0}) & 24'hff) == fv_value;
    end endgenerate

    always @(posedge clock) if (fv_begun) begin
        states_are_those_of_the_tables: assert (fv_s <= FV_DELIMITER && fv_r <= FV_DONE);
        gathered_bytes_are_counted: assert (fv_s == FV_IDLE ? fv_position == 5'd0
            : fv_position[4:3] == fv_gathered[1:0] && (fv_s == FV_SHIFT || fv_position[2:0] == 3'd0));
        words_are_counted: assert (fv_s == FV_IDLE || ( \sender.closing == (fv_gathered >= fv_body) && \sender.ended == (fv_gathered == fv_total) && fv_gathered <= fv_total && (fv_s != FV_DELIMITER || \sender.ended )));
        first_word_is_known: assert ( \sender.first == (fv_s == FV_IDLE ? \sender.first : fv_gathered < 9'd4));
        words_left_are_counted: assert (fv_s == FV_IDLE || fv_number > fv_length || (
            (( \sender.left ^ fv_count) & fv_count_mask) == 12'd0
            && \sender.borrow == (fv_number != 7'd0 && (fv_old_count & fv_mask) == 12'd0)
            && (fv_number == 7'd0 || \sender.some_left == ((fv_new_count & fv_mask) != 12'd0))));
        byte_is_gathered: assert (fv_s != FV_SHIFT || !fv_watched || ( \sender.gathered >> (4'd8 - fv_position[2:0])) == ((fv_word >> fv_bit_of_byte) & ~(32'hffffffff << fv_position[2:0]) & 32'hff));
        byte_is_whole: assert (fv_s != FV_PUT || fv_sent[8:2] != fv_watch || \sender.gathered == ((fv_word >> {fv_sent[1:0], 3'd0}) & 32'hff));
        block_ends_with_a_zero: assert (!(fv_s == FV_CODE || fv_empties) || \sender.gathered == 8'd0);
        block_is_as_long_as_its_place_says: assert ((fv_s == FV_IDLE || fv_base <= fv_sent) && (fv_fills ? fv_sent == fv_base + fv_place - 9'd1 && fv_place <= 8'd254 && fv_place != 8'd0 && fv_sent < fv_total
            : fv_s == FV_CODE || fv_empties ? fv_sent == fv_base + fv_limit - 9'd1 + \sender.empty_due && fv_limit != 8'd0 && fv_place != 8'd0 && fv_place <= fv_limit
            : fv_place == 8'd1));
        block_ends_for_a_reason: assert (!(fv_s == FV_CODE || fv_empties) || (fv_limit == 8'd255 ? ! \sender.empty_due : \sender.empty_due || fv_sent == fv_total));
        block_has_no_zero_inside: assert (!fv_works || fv_address == 8'd0 || (fv_address < fv_limit ? fv_content != 8'd0 : !fv_empties || fv_address != fv_end || fv_content == 8'd0));
        block_keeps_its_bytes: assert (!fv_works || fv_address == 8'd0 || fv_address >= fv_limit || &fv_byte_is_kept);
        block_ends_with_the_zero: assert (fv_s != FV_CODE && !fv_empties || &fv_zero_is_one);
        no_other_byte_is_due: assert (fv_zero_is_due == 4'd0);
        address_is_that_of_the_next_byte: assert (fv_s != FV_SEND || fv_read_known && fv_read_place == fv_place);
        blocks_before_are_covered: assert (fv_works ? (fv_base != 9'd0 || fv_empties
            ? \receiver.begun && fv_covered == fv_base + (fv_empties ? fv_end - 9'd1 + (fv_end != 8'd255) : 9'd0)
            : ! \receiver.begun && fv_taken == 9'd0)
            : fv_s == FV_DELIMITER ? \receiver.begun && fv_covered == fv_total + fv_zero_after && fv_to_come == 8'd0 : fv_r == FV_END || ! \receiver.begun );
        block_is_taken_as_it_is_sent: assert (fv_empties ? fv_to_come == fv_end - fv_place && fv_zero_after == (fv_end != 8'd255) && (fv_r != FV_COUNT || fv_place == 8'd1) : fv_to_come == 8'd0 || ! \receiver.begun );
        a_frame_ends_with_its_delimiter: assert (fv_r != FV_END || fv_s == FV_IDLE);
        receiver_rests_between_frames: assert ( \receiver.begun || fv_r == FV_READY || fv_r == FV_DONE);
        receiver_begins_at_zero: assert ( \receiver.begun || (fv_taken == 9'd0 && fv_left == 8'd0 && !fv_zero_due && ! \receiver.some_left && \receiver.byte_number == 2'd0));
        count_rotates: assert (fv_r == FV_COUNT || fv_r == FV_DATA ? (( \receiver.left ^ fv_turned) & fv_turned_mask) == 8'd0
            && \receiver.borrow == ((fv_r == FV_COUNT || fv_counted) && (fv_old_left & fv_bit_mask) == 8'd0)
            && \receiver.some_left == ((fv_new_left & fv_bit_mask) != 8'd0) && (fv_r != FV_COUNT || \receiver.ones == &(fv_top | ~fv_bit_mask) && fv_top != 8'd0)
            : fv_bits == 3'd0 && (fv_r == FV_END || \receiver.some_left == (fv_left != 8'd0)) && (fv_left == 8'd0 || \receiver.left == fv_left));
        bytes_are_counted: assert ( \receiver.byte_number == fv_taken[1:0] && fv_taken <= 9'd272 && (fv_r != FV_STORE || fv_taken[1:0] == 2'd0 && fv_taken != 9'd0));
        words_have_their_places: assert (! \receiver.begun || \receiver.index == fv_index);
        a_byte_is_received_as_sent: assert (&fv_byte_is_here);
        bytes_of_a_word_are_kept: assert (&fv_byte_was_taken && (fv_r != FV_STORE || fv_taken[8:2] != fv_watch + 7'd1 || { fv_top, \receiver.lower } == fv_word));
        a_byte_stays_until_it_is_taken: assert (! \receiver.waiting || rx_valid);
        nothing_is_spoiled: assert (! \receiver.spoiled );
        if (receiver_word_write) words_come_in_order: assert (receiver_word_index == fv_index[6:0]);
        if (receiver_word_write && fv_words_begun == fv_watch + 7'd1) each_word_comes_as_it_was_sent: assert (receiver_word == fv_word);
        every_frame_is_accepted: assert (!damaged && (fv_r != FV_END || sound && fv_taken == fv_total)
            && (fv_taken < fv_body || fv_taken == fv_body && (fv_r != FV_DATA || fv_bits == 3'd0) || \receiver.closing ));
        if (fv_r == FV_DONE) values_are_counted: assert (receiver_values == fv_last_length - 7'd2);
        cover (receiver_word_write);
    end
