// Access: limits never widen while armed, a command is carried out only where the state allowed it.
//
// Stands in the emitted module `hge_access`. Requests keep to the bus (proved of the processor in `processor.sv`), the registers
// say of no address of the guard that it is theirs, a word of the guard
// is what was written last (`guard.sv`, `ram.sv`), and `armed` rises after a command only (`supervisor.sv`).

    reg fv_begun = 1'b0;
    reg fv_holds = 1'b0;
    reg fv_may_write = 1'b0;
    reg fv_may_still = 1'b0;
    reg [1:0] fv_rest = 2'd0;
    reg [15:0] fv_address = 16'd0;
    reg [31:0] fv_data = 32'd0;
    reg fv_is_write = 1'b0;
    reg fv_was_armed = 1'b0;
    reg fv_armed_by_command = 1'b0;
    always @(posedge clock) begin
        fv_begun <= 1'b1;
        fv_holds <= request && !answered && !reset;
        fv_may_write <= answered && is_write && refusal == 3'd0 && !reset;
        fv_may_still <= fv_may_write && !write && !reset;
        fv_rest <= answered || reset ? 2'd3 : fv_rest == 2'd0 ? 2'd0 : fv_rest - 2'd1;
        fv_address <= address;
        fv_data <= data;
        fv_is_write <= is_write;
        fv_was_armed <= armed;
        fv_armed_by_command <= (arm_host || arm_standalone) && !reset;
    end
    always @(*) begin
        assume (fv_begun || reset);
        if (fv_holds) assume (request);
        if (fv_rest != 2'd0) assume (!request);
        if (!fv_may_write && !fv_may_still) assume (!write);
        if (fv_holds || fv_may_write || fv_may_still) assume (address == fv_address && data == fv_data && is_write == fv_is_write);
        if (in_guard) assume (!writable);
        if (armed && !fv_was_armed) assume (fv_armed_by_command);
    end

    // Limits of one output, any.
    (* anyconst *) wire [5:0] fv_output;
    reg signed [15:0] fv_low = 16'd0;
    reg signed [15:0] fv_high = 16'd0;
    reg fv_granted = 1'b0;
    wire fv_of_output = address[15:8] == 8'd3 && address[7:2] == fv_output;
    wire signed [15:0] fv_new = data[15:0];
    always @(*) begin
        if (fv_granted && fv_of_output && address[1:0] == 2'd0) assume (guard_data == fv_low);
        if (fv_granted && fv_of_output && address[1:0] == 2'd1) assume (guard_data == fv_high);
    end

    // The state that was judged.
    reg fv_free = 1'b0;
    reg fv_host_may = 1'b0;
    reg fv_alone_may = 1'b0;
    reg fv_run_may = 1'b0;
    reg fv_table_may = 1'b0;
    always @(posedge clock) begin
        fv_granted <= grant;
        if (guard_write && fv_of_output && address[1:0] == 2'd0) fv_low <= fv_new;
        if (guard_write && fv_of_output && address[1:0] == 2'd1) fv_high <= fv_new;
        if (state == STEP_JUDGE) begin
            fv_free <= !armed && !busy && !ramping_to_safe && !(protection[0] && !interlock);
            fv_host_may <= watchdog_set;
            fv_alone_may <= run_limit_set && protection[0] && protection[1];
            fv_run_may <= armed && !busy;
            fv_table_may <= !busy || follows;
        end
    end

    // From the judgement to the write.
    wire fv_writes = fv_may_write || fv_may_still;
    wire fv_passed = fv_writes || (state == STEP_ANSWER && is_write && status == 3'd0);
    wire fv_in_guard = address[15:8] == 8'd3 && {1'b0, address[7:2]} < OUTPUTS;

    always @(posedge clock) if (fv_begun) begin
        address_is_known: assert ((state == STEP_IDLE && !fv_writes) || (in_guard == fv_in_guard && at_command == (address == 16'd15)));
        a_request_is_in_progress: assert (state == STEP_IDLE || request);
        if (in_guard && fv_of_output && (fv_writes || state == STEP_JUDGE || state == STEP_ANSWER)) begin
            judged_by_the_present_low_limit: assert (address[1:0] != 2'd0 || present[15:0] == fv_low);
            judged_by_the_present_high_limit: assert (address[1:0] != 2'd1 || present[15:0] == fv_high);
        end
        if (fv_passed && in_guard) begin
            present_code_never_passes: assert (address[1:0] != 2'd3);
        end
        if (fv_passed && in_table) the_table_is_written_in_runs_of_the_host_alone: assert (fv_table_may);
        if (answered && is_write && in_table) begin
            the_table_is_not_written_while_in_use: assert (!table_in_use);
            cover (busy && refusal == 3'd0);
        end
        if (fv_passed && at_command) begin
            runs_pass_armed_and_idle: assert (number != 4'd1 || fv_run_may);
            arming_passes_free: assert (number != 4'd3 || fv_free && fv_host_may);
            standalone_arming_passes_free: assert (number != 4'd5 || fv_free && fv_alone_may);
        end
        if (fv_passed && in_guard && fv_of_output && armed) begin
            only_higher_low_limits_pass: assert (address[1:0] != 2'd0 || fv_new >= fv_low);
            only_lower_high_limits_pass: assert (address[1:0] != 2'd1 || fv_new <= fv_high);
            no_safe_value_passes: assert (address[1:0] != 2'd2);
        end
        if (guard_write && fv_of_output && armed) begin
            low_limit_never_falls_while_armed: assert (address[1:0] != 2'd0 || fv_new >= fv_low);
            high_limit_never_rises_while_armed: assert (address[1:0] != 2'd1 || fv_new <= fv_high);
            safe_value_stays_while_armed: assert (address[1:0] != 2'd2);
            cover (address[1:0] == 2'd0 && fv_new > fv_low);
        end
        if (guard_write) begin
            guard_words_are_those_of_outputs: assert (address[15:8] == 8'd3 && address[7:2] < OUTPUTS);
            present_code_is_never_written: assert (address[1:0] != 2'd3);
        end
        if (arm_host) arming_was_allowed: assert (fv_free && fv_host_may);
        if (arm_standalone) standalone_arming_was_allowed: assert (fv_free && fv_alone_may);
        if (run) run_was_allowed: assert (fv_run_may);
        commands_are_writes: assert (write || !(run || stop || arm_host || disarm || arm_standalone || capture || repeat_));
        cover (arm_host);
        cover (arm_standalone);
    end
