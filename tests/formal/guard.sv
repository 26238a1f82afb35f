// Guard: every code that goes to a DAC is that of the rule, whatever codes, limits and step limits are.
//
// Stands in the emitted module `hge_guard`, whose memory is cut: it returns of one output, any of 64, what was written last (proved of
// the memory in `ram.sv`), and anything of the others. Inputs keep to the modulator's scan and to the bus grant (proved in `instrument.sv`).

    (* anyconst *) wire [5:0] fv_output;
    (* anyseq *) wire fv_ends;
    reg fv_was_ready = 1'b0;
    reg fv_running = 1'b0;
    reg [2:0] fv_step = 3'd0;
    reg [6:0] fv_index = 7'd0;
    always @(posedge clock) begin
        fv_was_ready <= host_ready;
        fv_running <= !reset && (tick || (running && !(step == 3'd6 && fv_ends)));
        fv_step <= tick ? 3'd0 : running ? step + 3'd1 : step;
        fv_index <= tick ? 7'd0 : running && step == 3'd7 ? index + 7'd1 : index;
    end
    always @(*) begin
        assume (running == fv_running && step == fv_step && index == fv_index);
        if (running && step == 3'd7) assume (!index[6]);
        if (host_write) assume (fv_was_ready && host_address[1:0] != 2'd3);
    end

    // The words of the output, and the memory's contract.
    reg [15:0] fv_low = 16'd0;
    reg [15:0] fv_high = 16'd0;
    reg [15:0] fv_safe = 16'd0;
    reg [15:0] fv_present = 16'd0;
    reg fv_known = 1'b0;
    reg [15:0] fv_word = 16'd0;
    always @(posedge clock) begin
        fv_known <= words_read_address[7:2] == fv_output
            && !(words_write_enable && words_write_address == words_read_address);
        case (words_read_address[1:0])
            2'd0: fv_word <= fv_low;
            2'd1: fv_word <= fv_high;
            2'd2: fv_word <= fv_safe;
            default: fv_word <= fv_present;
        endcase
        if (words_write_enable && words_write_address[7:2] == fv_output) begin
            case (words_write_address[1:0])
                2'd0: fv_low <= words_write_data;
                2'd1: fv_high <= words_write_data;
                2'd2: fv_safe <= words_write_data;
                default: fv_present <= words_write_data;
            endcase
        end
    end
    always @(*) if (fv_known) assume (words_read_data == fv_word);

    // What was asked of the output in this scan, and the limits that held then.
    reg fv_asked = 1'b0;
    reg fv_due = 1'b0;
    reg fv_armed = 1'b0;
    reg signed [15:0] fv_wanted = 16'd0;
    reg signed [15:0] fv_least = 16'd0;
    reg signed [15:0] fv_most = 16'd0;
    reg [15:0] fv_most_step = 16'd0;
    always @(posedge clock) begin
        fv_due <= running && step == 3'd5 && fv_asked && !reset;
        if (running && step == `STEP_LIMIT_AT) fv_most_step <= step_limit;
        if (running && step == 3'd6) fv_asked <= 1'b0;
        if (running && step == 3'd7) begin
            fv_asked <= index[5:0] == fv_output;
            fv_armed <= armed;
            fv_wanted <= armed ? code : fv_safe;
            fv_least <= fv_low;
            fv_most <= fv_high;
        end
        if (tick || reset) fv_asked <= 1'b0;
    end

    // In integers.
    wire signed [19:0] fv_clipped = fv_wanted > fv_most ? fv_most : fv_wanted;
    wire signed [19:0] fv_goal = fv_wanted < fv_least ? fv_least : fv_clipped;
    wire signed [19:0] fv_from = $signed(fv_present);
    wire signed [19:0] fv_to = dac_code;
    wire signed [19:0] fv_reach = {4'd0, fv_most_step};
    wire signed [19:0] fv_way = fv_to - fv_from;
    wire signed [19:0] fv_before = fv_goal > fv_from ? fv_goal - fv_from : fv_from - fv_goal;
    wire signed [19:0] fv_after = fv_goal > fv_to ? fv_goal - fv_to : fv_to - fv_goal;
    // The way that is left after a step: after n samples, n steps less.
    wire signed [19:0] fv_left = fv_before > fv_reach ? fv_before - fv_reach : 20'd0;
    wire fv_was_inside = fv_least <= fv_from && fv_from <= fv_most;
    wire fv_is_inside = fv_least <= fv_to && fv_to <= fv_most;

    // Whether the output has got where it was to go in this scan.
    reg fv_arrived = 1'b1;
    always @(posedge clock) begin
        if (fv_due) fv_arrived <= fv_after == 20'd0;
        if (tick || reset) fv_arrived <= 1'b1;
    end

    always @(posedge clock) begin
        scan_and_request_agree: assert (fv_asked == (busy && judged == fv_output));
        work_only_in_a_scan: assert (!busy || running);
        written_as_asked: assert (fv_due == (dac_write && dac_index == fv_output));
        if (fv_due) begin
            step_is_limited: assert (fv_way <= fv_reach && -fv_way <= fv_reach);
            inside_stays_inside: assert (!fv_was_inside || fv_is_inside);
            if (fv_armed) begin
                armed_follows_the_code: assert (fv_after == fv_left);
            end else begin
                disarmed_nears_the_safe_value: assert (fv_after == fv_left);
            end
            clamp_is_told: assert (clamped == (fv_goal != fv_wanted));
            cut_is_told: assert (limited == (fv_before > fv_reach));
            cover (fv_low != fv_least);
            cover (clamped && limited && fv_armed);
            cover (!fv_armed && fv_before > 20'd0 && fv_after == 20'd0);
            cover (fv_from == -20'sd32768 && fv_to == 20'sd32767);
        end
        no_cut_means_arrived: assert (cut || fv_arrived);
        present_is_what_the_dac_has: assert (!dac_write || words_write_enable && words_write_data == dac_code);
    end
