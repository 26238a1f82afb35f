// Sequencer: a window is exactly its number of samples, phases restart where tones begin and run on in continuous mode, a record is of a
// whole window.
//
// Stands in the emitted module `hge_sequencer`, with CONTINUOUS in that for the update in hardware. In every sample the length has been read
// before the next tick; the window's length is constant outside Idle; a job of the post-processor that ends a run is in progress, and no
// window continues past it.

`ifdef CONTINUOUS
    wire fv_continues = continues;
    wire fv_runs_on = runs_on;
`else
    wire fv_continues = 1'b0;
    wire fv_runs_on = 1'b0;
`endif

    localparam FV_LATE = `LATE;
    reg fv_begun = 1'b0;
    reg fv_read = 1'b0;
    reg fv_arriving = 1'b0;
    reg fv_arriving_late = 1'b0;
    reg [4:0] fv_log2 = 5'd4;
    reg fv_stable = 1'b0;
    reg fv_was_tick = 1'b0;
    always @(posedge clock) begin
        fv_begun <= 1'b1;
        fv_was_tick <= tick;
        fv_arriving <= setting_granted;
        fv_arriving_late <= fv_arriving && !tick;
        if (FV_LATE ? fv_arriving_late : fv_arriving) fv_read <= 1'b1;
        if (tick) fv_read <= 1'b0;
        fv_log2 <= window_log2;
        fv_stable <= window_log2 == fv_log2;
    end
    always @(*) begin
        assume (fv_begun || reset);
        assume (window_log2 >= 5'd4 && window_log2 <= 5'd16);
        if (in_run || run_asked) assume (window_log2 == fv_log2 && fv_stable);
        assume (!setting_granted || setting_request);
        assume (!tick || !fv_was_tick);
        if (tick && in_run) assume (fv_read);
        if (tick) assume (!setting_granted && !fv_arriving && !fv_arriving_late);
        if (post_processor_over) assume (state == STATE_GAP && post_processor_working && !tick && !fv_runs_on);
    end

`ifdef NARROW
    // A run of the shortest windows, a tick every four clocks, in which covers are reached and faults found.
    reg [1:0] fv_clock = 2'd0;
    always @(posedge clock) fv_clock <= fv_clock + 2'd1;
    always @(*) begin
        assume (reset == !fv_begun && tick == (fv_clock == 2'd3) && setting_granted == setting_request);
        assume (window_log2 == 5'd4 && stored == 24'd1 && run == (fv_clock == 2'd1) && !disarm && !trip && !moving);
        assume (!post_processor_over && !post_processor_working && !sounding && !recorded);
    end
`endif

    // Samples of the present window, counted by ticks.
    wire [17:0] fv_samples = 18'd1 << window_log2;
    reg [17:0] fv_window = 18'd0;
    reg fv_was_take = 1'b0;
    reg fv_was_lead_in = 1'b0;
    reg fv_stopped = 1'b0;
    reg fv_whole = 1'b0;
    wire fv_ends = take && fv_window + 18'd1 == fv_samples;
    // What the slot scan gets: tones run on from a window that continues, until a window that does not, or a stop.
    wire fv_tones = tones || fv_runs_on;
    wire fv_restart = restart && !fv_runs_on;
    reg fv_had_tones = 1'b0;
    reg fv_continued = 1'b0;
    reg fv_cut_short = 1'b0;
    always @(posedge clock) begin
        if (tick) fv_had_tones <= fv_tones;
        if (tick) fv_cut_short <= fv_continued && stop_asked;
        if (tick && stop_asked) fv_continued <= 1'b0;
        else if (tick && fv_ends) fv_continued <= fv_continues;
        if (tick) fv_window <= take ? fv_window + 18'd1 : 18'd0;
        if (tick && take) fv_whole <= fv_window + 18'd1 == fv_samples;
        if (tick && !take && !tones) fv_whole <= 1'b0;
        if (tick && state == STATE_LEAD_IN) fv_whole <= 1'b0;
        if (tick) fv_was_take <= take;
        if (tick) fv_was_lead_in <= state == STATE_LEAD_IN;
        if ((stop || disarm || trip) && busy) fv_stopped <= 1'b1;
        if (!busy || reset) fv_stopped <= 1'b0;
        if (reset) begin
            fv_window <= 18'd0;
            fv_was_take <= 1'b0;
            fv_was_lead_in <= 1'b0;
            fv_whole <= 1'b0;
            fv_had_tones <= 1'b0;
            fv_continued <= 1'b0;
            fv_cut_short <= 1'b0;
        end
    end

    always @(posedge clock) if (fv_begun) begin
        window_is_counted: assert (!take || count == fv_window);
        window_is_never_longer: assert (!take || fv_window < fv_samples);
        length_is_the_window: assert (!fv_read || !take || at_length == (fv_window + 18'd1 >= fv_samples));
        length_of_the_setting: assert (!in_run || window_length == fv_samples);
        if (!take && fv_was_take) ended_windows_are_whole: assert (fv_whole || fv_stopped);
        if (take) first_is_the_first_sample: assert (first == (fv_window == 18'd0));
        if (take) second_half_is_the_second_half: assert (second_half == (fv_window >= fv_samples / 2));
        restart_is_the_first_of_a_lead_in: assert (restart == (state == STATE_LEAD_IN && !fv_was_lead_in));
        lead_in_is_counted: assert (state != STATE_LEAD_IN || (count == 24'd0) == !fv_was_lead_in);
        lead_in_ends_before_its_count: assert (state != STATE_LEAD_IN || count != 24'hffffff && (!fv_read || count != 24'hfffffe || at_length));
        if (take && fv_window == 18'd0) a_window_follows_a_lead_in: assert (fv_was_lead_in);
        if (post_processor_start && post_processor_kind == 2'd1) a_record_is_of_a_whole_window: assert (take ? fv_ends && !stop_asked : fv_whole);
        stop_is_remembered: assert (!stop_asked || fv_stopped);
        tail_follows_a_window_or_a_stop: assert (state != STATE_TAIL || fv_whole || stop_asked);
        states_are_those_of_the_table: assert (state <= STATE_TAIL);
        not_over_outside_a_gap: assert (state == STATE_GAP || state == STATE_IDLE || !over);
        phases_restart_where_tones_begin_and_nowhere_else: assert (fv_restart == (fv_tones && !fv_had_tones));
        tones_run_on_from_whole_windows_that_continue: assert (fv_runs_on == fv_continued);
        what_runs_on_leads_to_a_window: assert (!fv_runs_on || state != STATE_IDLE && state != STATE_TAIL && !over);
        no_tone_ends_while_they_run_on: assert (!fv_runs_on || gate == perturbs);
        a_stop_of_what_runs_on_has_a_tail: assert (!fv_cut_short || state == STATE_TAIL);
        cover (post_processor_start && post_processor_kind == 2'd1);
        cover (take && stop_asked);
`ifdef CONTINUOUS
        // The second window of two.
        cover (fv_continued && take);
`endif
    end
