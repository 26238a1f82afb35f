// Supervisor: nothing arms itself; every cause trips in its time, not before, disarms, and is told.
//
// Stands in the emitted module `hge_supervisor`. `hold` is low, as on boards, and a tick does not follow another in the next clock.

    always @(*) assume (!hold);

    // What has happened since the arming, counted without limits.
    reg fv_pin_1 = 1'b0;
    reg fv_pin_2 = 1'b0;
    reg fv_loading = 1'b0;
    reg fv_ticked = 1'b0;
    reg [39:0] fv_silence = 40'd0;
    reg [31:0] fv_limit = 32'd0;
    reg [39:0] fv_over = 40'd0;
    reg [39:0] fv_damaged = 40'd0;
    wire signed [16:0] fv_code = adc;
    wire signed [16:0] fv_level = {1'b0, overcurrent};
    wire fv_is_over = fv_code >= fv_level || -fv_code >= fv_level;
    wire fv_arms = arm_host || arm_standalone;
    always @(posedge clock) begin
        fv_pin_1 <= interlock;
        fv_pin_2 <= fv_pin_1;
        fv_ticked <= tick && !reset;
        fv_loading <= !reset && (fv_arms || (heard && !is_standalone));
        if (fv_ticked) fv_silence <= fv_silence + 40'd1;
        if (fv_loading) begin
            fv_silence <= 40'd0;
            fv_limit <= limit;
        end
        if (tick && is_armed && !reset) fv_over <= fv_is_over ? fv_over + 40'd1 : 40'd0;
        if (damaged) fv_damaged <= fv_damaged + 40'd1;
        if (sound) fv_damaged <= 40'd0;
        if (fv_arms) begin
            fv_over <= 40'd0;
            fv_damaged <= 40'd0;
        end
    end
    // The code of a tick is counted in the next clock.
    wire [7:0] fv_counted = !is_excess ? 8'd0 : &over_count ? 8'd255 : over_count + 8'd1;
    always @(*) if (judges) assume (!tick);
    // Beyond a year of ticks nothing is claimed.
    always @(*) assume (!fv_silence[39] && !fv_over[39] && !fv_damaged[39]);
    // The registers' word for "not zero" agrees with the value that comes with it.
    always @(*) if (fv_loading) assume ((is_standalone ? run_limit_set : watchdog_set) == (limit != 32'd0));

    // Causes at a tick, by the counts.
    wire [31:0] fv_allowed = fv_loading ? limit : fv_limit;
    wire fv_spent = (fv_loading ? 40'd0 : fv_silence) >= fv_allowed;
    wire fv_open = protection[0] && !fv_pin_2;
    wire fv_silent = !is_standalone && fv_spent;
    wire fv_overdue = is_standalone && fv_spent;
    wire fv_current = protection[1] && fv_over != 40'd0 && fv_over >= overcurrent_samples;
    wire fv_line = protection[2] && !is_standalone && fv_damaged != 40'd0 && fv_damaged >= link_error_limit;
    wire fv_at_tick = tick && armed && !reset;

    // The last trip.
    reg fv_was_trip = 1'b0;
    reg fv_was_armed = 1'b0;
    reg fv_was_armed_by_command = 1'b0;
    reg fv_was_disarmed = 1'b0;
    reg fv_was_reset = 1'b0;
    reg fv_was_taken = 1'b0;
    reg fv_was_event = 1'b0;
    reg fv_was_ramping = 1'b0;
    reg fv_may_end = 1'b0;
    reg [4:0] fv_was_fault = 5'd0;
    reg [4:0] fv_cause = 5'd0;
    reg [31:0] fv_time = 32'd0;
    reg fv_ramp_scan = 1'b0;
    always @(posedge clock) begin
        fv_was_trip <= trip && !reset;
        fv_was_armed <= armed;
        fv_was_armed_by_command <= fv_arms;
        fv_was_disarmed <= disarm;
        fv_was_reset <= reset;
        fv_was_taken <= event_taken;
        fv_was_event <= event_;
        fv_was_ramping <= ramping_to_safe;
        fv_was_fault <= fault;
        // A ramp may end with a scan that began after the disarming and cut no step.
        fv_may_end <= pass_done && fv_ramp_scan && !cut;
        if (tick) fv_ramp_scan <= ramping_to_safe || trip;
        if (reset) fv_ramp_scan <= 1'b0;
        if (trip) begin
            fv_cause <= {fv_line, fv_current, fv_overdue, fv_silent, fv_open};
            fv_time <= samples;
        end
    end

    always @(posedge clock) begin
        // Relations of the counts to the registers, for the induction.
        interlock_is_two_clocks_late: assert (closed == fv_pin_2);
        loading_is_known: assert (loads == fv_loading && ticked == fv_ticked);
        silence_is_counted: assert (left == (fv_silence >= fv_limit ? 32'd0 : fv_limit - fv_silence[31:0]));
        codes_are_counted: assert ((judges ? fv_counted : over_count) == (fv_over > 40'd255 ? 8'd255 : fv_over[7:0]));
        frames_are_counted: assert (bad_run == (fv_damaged > 40'd255 ? 8'd255 : fv_damaged[7:0]));
        scans_are_known: assert (home_pass == fv_ramp_scan);

        // Arming.
        if (armed && !fv_was_armed) nothing_arms_itself: assert (fv_was_armed_by_command);
        if (fv_was_disarmed && !fv_was_armed_by_command) disarming_disarms: assert (!armed && ramping_to_safe || fv_was_reset);
        if (fv_was_reset) reset_disarms: assert (!armed);

        // Causes.
        if (fv_at_tick) begin
            if (fv_open) open_interlock_trips: assert (trip);
            if (fv_silent) silent_host_trips: assert (trip);
            if (fv_overdue) overdue_run_trips: assert (trip);
            if (fv_current) over_current_trips: assert (trip);
            if (fv_line) damaged_line_trips: assert (trip);
        end
        if (trip) no_trip_without_cause: assert (armed && tick && (fv_open || fv_silent || fv_overdue || fv_current || fv_line));

        // Consequences.
        if (fv_was_trip && !fv_was_armed_by_command) trip_disarms: assert (!armed && ramping_to_safe);
        if (fv_was_trip && !fv_was_armed_by_command) trip_is_in_the_status: assert (fault == fv_cause && fault != 5'd0);
        if (fv_was_trip) trip_is_told: assert (event_ && event_cause == fv_cause && event_time == fv_time);
        if (fv_was_event && !fv_was_taken && !fv_was_reset) event_waits: assert (event_);
        if (fv_was_fault != 5'd0 && !fv_was_armed_by_command && !fv_was_reset && !fv_was_trip) status_stays_until_arming: assert (fault == fv_was_fault);
        if (fv_was_ramping && !ramping_to_safe && !fv_was_reset) ramp_ends_at_the_safe_values: assert (fv_may_end);

        cover (trip && fv_cause == 5'd0 && fv_open && !fv_silent);
        cover (trip && fv_silent && fv_limit == 32'd3);
        cover (trip && fv_overdue && fv_limit == 32'd2);
        cover (trip && fv_current && overcurrent_samples == 8'd2);
        cover (trip && fv_line && link_error_limit == 8'd2);
        cover (fv_was_ramping && !ramping_to_safe && !armed && !fv_was_reset);
    end
