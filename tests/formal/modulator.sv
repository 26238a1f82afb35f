// Modulator: its scan is what the guard takes for granted, and reaches every output once a sample.
//
// Stands in the emitted module `hge_modulator`, whose memory is cut.

    reg fv_begun = 1'b0;
    reg fv_tick = 1'b0;
    reg fv_reset = 1'b0;
    reg fv_running = 1'b0;
    reg [2:0] fv_step = 3'd0;
    reg [6:0] fv_index = 7'd0;
    (* anyconst *) wire [5:0] fv_output;
    reg fv_passed = 1'b0;
    always @(posedge clock) begin
        fv_begun <= 1'b1;
        fv_tick <= tick;
        fv_reset <= reset;
        fv_running <= running;
        fv_step <= step;
        fv_index <= index;
        if (running && step == 3'd7 && index == fv_output) fv_passed <= 1'b1;
        if (tick) fv_passed <= 1'b0;
    end
    always @(*) begin
        assume (fv_begun || reset);
        assume (fv_output < OUTPUTS);
    end

    always @(posedge clock) if (fv_begun) begin
        if (fv_reset) reset_ends_the_scan: assert (!running);
        if (fv_tick && !fv_reset) a_tick_begins_the_scan: assert (running && step == 3'd0 && index == 7'd0);
        if (running && !fv_tick) a_scan_goes_step_by_step: assert (fv_running && step == fv_step + 3'd1 && index == fv_index + (fv_step == 3'd7));
        if (!running && fv_running && !fv_reset) a_scan_ends_after_the_last_output: assert (fv_step == 3'd6 && fv_index == OUTPUTS && done);
        if (!running && !fv_running && !fv_tick) a_scan_at_rest_stays: assert (step == fv_step && index == fv_index);
        if (running && step == 3'd7) only_outputs_are_requested: assert (index < OUTPUTS);
        indices_end_with_the_outputs: assert (index <= OUTPUTS);
        passed_outputs_are_behind: assert (!running || fv_passed == (index > fv_output));
        if (done && !fv_tick) every_output_was_reached: assert (fv_passed || fv_reset || running);
        cover (done);
    end
