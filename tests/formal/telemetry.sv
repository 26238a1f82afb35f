// Ring of telemetry: nothing unread is overwritten, words come in order, once, and as they were written; counters are exact.
//
// Stands in the emitted module `hge_telemetry`, whose memory is cut: it returns of one address, any, what was written last. A frame has
// at most as many words as were announced with `begin`, at most half the memory; the reader takes words of committed frames, while they stand.

    localparam [17:0] FV_SIZE = `WORDS;
    reg fv_begun = 1'b0;
    reg [11:0] fv_room = 12'd0;
    reg [17:0] fv_unread = 18'd0;
    reg [17:0] fv_open_words = 18'd0;
    reg [17:0] fv_since_mark = 18'd0;
    reg fv_has_mark = 1'b0;
    reg [31:0] fv_frames = 32'd0;
    reg [31:0] fv_lost = 32'd0;
    wire fv_fits = fv_unread + words <= FV_SIZE;
    wire fv_jumps = due && !busy && !open && !begin_;
    wire fv_returns = fv_jumps && kept && passed;
    always @(*) begin
        assume (fv_begun || reset);
        if (begin_) assume (!open && fv_room == 12'd0 && words != 11'd0 && words <= FV_SIZE / 2 && !commit && !word_write);
        if (fv_room == 12'd0) assume (!word_write);
        if (commit) assume (!word_write);
        if (mark) assume (!open && !word_write && fv_room == 12'd0);
        if (taken) assume (stands && busy && fv_unread > fv_open_words);
        assume (busy || !taken);
    end
`ifdef NARROW
    // Frames of four words, written at once, in which covers are reached and faults found.
    always @(*) assume (reset == !fv_begun && words == 11'd4 && word_write == (fv_room != 12'd0) && commit == (open && fv_room == 12'd0));
`endif
    always @(posedge clock) begin
        fv_begun <= 1'b1;
        if (begin_) fv_room <= words;
        if (word_write) fv_room <= fv_room - 12'd1;
        if (begin_ && fv_fits) fv_open_words <= 18'd0;
        if (begin_ && !fv_fits) fv_lost <= fv_lost + 32'd1;
        if (begin_ && !fv_fits || commit && open) fv_frames <= fv_frames + 32'd1;
        if (word_write && open) begin
            fv_unread <= fv_unread + 18'd1;
            fv_open_words <= fv_open_words + 18'd1;
            if (fv_has_mark) fv_since_mark <= fv_since_mark + 18'd1;
            if (fv_since_mark == FV_SIZE) fv_has_mark <= 1'b0;
        end
        if (commit) fv_open_words <= 18'd0;
        if (taken) fv_unread <= fv_unread - 18'd1;
        if (fv_returns) fv_unread <= fv_since_mark;
        if (mark) begin
            fv_has_mark <= 1'b1;
            fv_since_mark <= 18'd0;
        end
        if (reset) begin
            fv_unread <= 18'd0;
            fv_open_words <= 18'd0;
            fv_has_mark <= 1'b0;
            fv_since_mark <= 18'd0;
            fv_frames <= 32'd0;
            fv_lost <= 32'd0;
        end
    end

    // One place of the memory.
    (* anyconst *) wire [15:0] fv_address;
    reg [31:0] fv_word = 32'd0;
    reg fv_known = 1'b0;
    always @(*) assume (fv_address < FV_SIZE);
    always @(posedge clock) begin
        fv_known <= !writes && (place & ADDRESS_MASK) == fv_address;
        if (writes && (place & ADDRESS_MASK) == fv_address) fv_word <= word;
    end
    always @(*) if (fv_known) assume (ring_read_data == fv_word);
    wire [16:0] fv_read_place = ~unread & 17'h1ffff;
    wire [16:0] fv_distance = (written - fv_read_place) & POINTER_MASK;
    wire [16:0] fv_mark_distance = (written - marked) & POINTER_MASK;

    // A committed word, any: how many are to be read before it.
    (* anyseq *) wire fv_choose;
    reg fv_chosen = 1'b0;
    reg [17:0] fv_before = 18'd0;
    reg [31:0] fv_value = 32'd0;
    always @(posedge clock) begin
        if (taken && fv_chosen) fv_before <= fv_before - 18'd1;
        if (taken && fv_chosen && fv_before == 18'd0) fv_chosen <= 1'b0;
        if (writes && !fv_chosen && fv_choose && (place & ADDRESS_MASK) == fv_address) begin
            fv_chosen <= 1'b1;
            fv_before <= fv_unread;
            fv_value <= word;
        end
        if (fv_returns || reset) fv_chosen <= 1'b0;
    end

    always @(posedge clock) pointers_stay_in_their_range: assert (written <= POINTER_MASK && marked <= POINTER_MASK);
    always @(posedge clock) if (fv_begun) begin
        used_words_are_counted: assert (fv_distance == fv_unread && fv_read_place <= POINTER_MASK);
        nothing_unread_is_overwritten: assert (fv_unread <= FV_SIZE);
        announced_words_have_room: assert (!open || fv_unread + fv_room <= FV_SIZE);
        open_words_are_unread: assert (fv_open_words <= fv_unread && (open || fv_open_words == 18'd0));
        shown_word_is_the_next: assert (!shown || !fv_known || (fv_read_place & ADDRESS_MASK) == fv_address);
        fits_is_the_free_room: assert (words == 11'd0 || words > FV_SIZE / 2 || fits == fv_fits);
        half_full_is_more_than_half: assert (half_full == (fv_unread > FV_SIZE / 2));
        frames_are_counted: assert (frames == fv_frames);
        lost_frames_are_counted: assert (frames_lost == fv_lost);
        if (waits) a_waiting_frame_is_committed: assert (fv_unread > fv_open_words);
        mark_is_known: assert (kept == fv_has_mark && (!kept || fv_mark_distance == fv_since_mark && fv_since_mark <= FV_SIZE));
        fresh_mark_has_no_words: assert (!kept || fresh == (fv_since_mark == 18'd0));
        passed_mark_is_behind_the_reader: assert (!kept || passed == (fv_unread < fv_since_mark));
        if (fv_chosen) begin
            chosen_word_is_in_its_place: assert (fv_before < fv_unread && ((fv_read_place + fv_before) & ADDRESS_MASK) == fv_address && fv_word == fv_value);
            if (stands && fv_before == 18'd0) each_word_comes_as_written_in_order: assert (read_word == fv_value);
            cover (taken && fv_before == 18'd0);
        end
        cover (begin_ && !fits);
        cover (fv_returns);
    end
