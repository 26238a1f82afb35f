// Banks: a job of the post-processor reads the sums of its own window, whole, and nothing writes them meanwhile.
//
// Stands in the emitted module `hge_instrument` with the update in hardware. Sequencer, jobs of the post-processor, slot scan and input
// channels are those of the instrument; program, line, registers and memories are cut and take any values. A sample takes at least twelve clocks
// more than slots; the number of slots in use stays; states and counts are those of `sequencer.sv`; no window continues past the end
// of a run.

    localparam FV_SLOTS = 9'd`SLOTS;
    localparam FV_GAP = 3'd1, FV_RAMP = 3'd2, FV_SETTLE = 3'd3, FV_LEAD_IN = 3'd4, FV_WINDOW = 3'd5;
    // What is watched inside, its registers that no reset sets as they are at power-up: state, begun sample, bank and pipeline of both inputs.
    (* hierconn *) wire [2:0] \sequencer.state ;
    (* hierconn *) wire [23:0] \sequencer.count ;
    (* hierconn *) wire \sequencer.over ;
    (* hierconn *) wire \post_processor.end_waits ;
    (* hierconn *) wire \post_processor.job_waits ;
    (* hierconn *) wire \post_processor.job_is_window ;
    (* hierconn *) wire \post_processor.past ;
    (* hierconn *) wire \post_processor.machine_busy ;
    (* hierconn *) wire [15:0] \post_processor.machine.program_data ;
    (* hierconn, init = 1'b0 *) wire \engine.pass.lanes.running ;
    (* hierconn *) wire [8:0] \engine.pass.lanes.slot ;
    (* hierconn *) wire [8:0] \engine.pass.used ;
    (* hierconn, init = 1'b0 *) wire \engine.pass.lanes.valid_1 ;
    (* hierconn, init = 1'b0 *) wire \engine.pass.lanes.valid_2 ;
    (* hierconn, init = 1'b0 *) wire \engine.pass.lanes.valid_3 ;
    (* hierconn, init = 1'b0 *) wire \engine.pass.lanes.valid_4 ;
    (* hierconn, init = 1'b0 *) wire \engine.pass.lanes.valid_5 ;
    (* hierconn, init = 1'b0 *) wire \engine.pass.lanes.valid_6 ;
    (* hierconn, init = 1'b0 *) wire \engine.pass.lanes.valid_7 ;
    (* hierconn, init = 1'b0 *) wire \engine.pass.lanes.inputs_0.banks ;
    (* hierconn, init = 1'b0 *) wire \engine.pass.lanes.inputs_1.banks ;
    (* hierconn, init = 1'b0 *) wire \engine.pass.lanes.inputs_0.lockin.valid_1 ;
    (* hierconn, init = 1'b0 *) wire \engine.pass.lanes.inputs_0.lockin.valid_2 ;
    (* hierconn, init = 1'b0 *) wire \engine.pass.lanes.inputs_0.lockin.valid_3 ;
    (* hierconn, init = 1'b0 *) wire \engine.pass.lanes.inputs_0.lockin.valid_4 ;
    (* hierconn *) wire [7:0] \engine.pass.lanes.inputs_0.lockin.slot_1 ;
    (* hierconn *) wire [7:0] \engine.pass.lanes.inputs_0.lockin.slot_2 ;
    (* hierconn *) wire [7:0] \engine.pass.lanes.inputs_0.lockin.slot_3 ;
    (* hierconn *) wire \engine.pass.lanes.inputs_0.lockin.banks.write_enable ;
    (* hierconn *) wire [8:0] \engine.pass.lanes.inputs_0.lockin.banks.write_address ;
    (* hierconn *) wire [8:0] \engine.pass.lanes.inputs_0.lockin.banks.read_address ;
    wire [2:0] fv_state = \sequencer.state ;
    wire fv_bank = \engine.pass.lanes.inputs_0.banks ;
    wire fv_waits = \post_processor.end_waits || \post_processor.job_waits ;
    wire fv_past = \post_processor.past ;
    wire fv_pending = \post_processor.job_waits && \post_processor.job_is_window ;
    wire fv_starts = sequencer_post_processor_start && sequencer_post_processor_kind == 2'd1;

    reg fv_begun = 1'b0;
    reg [8:0] fv_clock = 9'd511;
    (* anyconst *) wire [8:0] fv_slots_used;
    // Bank of the last window that ended whole, and of the job's; the job in progress is of a window.
    reg fv_window_bank = 1'b0;
    reg fv_job_bank = 1'b0;
    reg fv_of_window = 1'b0;
    wire fv_job = fv_of_window && \post_processor.machine_busy ;
    wire fv_is_before = fv_state == FV_RAMP || fv_state == FV_SETTLE || fv_state == FV_LEAD_IN
        || fv_state == FV_WINDOW && \sequencer.count == 24'd0 && fv_clock == 9'd0;
    always @(posedge clock) begin
        fv_begun <= 1'b1;
        if (timer_tick) fv_clock <= 9'd0;
        else if (fv_clock != 9'd511) fv_clock <= fv_clock + 9'd1;
        if (fv_starts) fv_window_bank <= fv_bank;
        if (! \post_processor.machine_busy ) begin
            fv_of_window <= fv_pending && ! \post_processor.end_waits ;
            fv_job_bank <= fv_window_bank;
        end
    end
    always @(*) begin
        assume (fv_begun == !power_on_reset);
        assume (fv_slots_used != 9'd0 && fv_slots_used <= FV_SLOTS && registers_slots_used == fv_slots_used);
        assume (!timer_tick || fv_clock >= fv_slots_used + 9'd12);
        assume (\sequencer.count != 24'hffffff && fv_state <= 3'd6);
        if (sequencer_runs_on) assume (!post_processor_over);
    end
`ifdef NARROW
    // Windows of one sample and one slot, in which covers are reached and faults found.
    always @(*) begin
        assume (registers_stored == 32'd1 && registers_named_granted && !supervisor_trip && !access_disarm && !access_stop);
        assume (!modulator_moving && !guard_cut && !capture_ready && !supervisor_event_ && registers_window_log2 == 5'd4);
        // The program writes words and ends, which is all that a job needs here.
        assume ( \post_processor.machine.program_data [15:12] == 4'd7 || \post_processor.machine.program_data [15:12] == 4'd11);
        assume (timer_tick == (fv_clock >= 9'd13) && fv_slots_used == 9'd1);
    end
`endif

    wire [6:0] fv_scanned = { \engine.pass.lanes.valid_7 , \engine.pass.lanes.valid_6 , \engine.pass.lanes.valid_5 , \engine.pass.lanes.valid_4 , \engine.pass.lanes.valid_3 ,
        \engine.pass.lanes.valid_2 , \engine.pass.lanes.valid_1 };
    wire [3:0] fv_summed = { \engine.pass.lanes.inputs_0.lockin.valid_4 , \engine.pass.lanes.inputs_0.lockin.valid_3 , \engine.pass.lanes.inputs_0.lockin.valid_2 ,
        \engine.pass.lanes.inputs_0.lockin.valid_1 };
    // In stage n at clock n of the slot, which is at most the last.
    wire [10:0] fv_stages = {fv_summed, fv_scanned};
    wire [10:0] fv_in_time;
    genvar fv_i;
    generate for (fv_i = 0; fv_i < 11; fv_i = fv_i + 1) begin : fv_stage
        assign fv_in_time[fv_i] = !fv_stages[fv_i] || fv_clock <= fv_slots_used + fv_i + 9'd1;
    end endgenerate
    wire fv_enters = fv_summed != 4'd0;
    wire fv_writes = \engine.pass.lanes.inputs_0.lockin.banks.write_enable ;
    wire [8:0] fv_written = \engine.pass.lanes.inputs_0.lockin.banks.write_address ;
    wire [8:0] fv_read = \engine.pass.lanes.inputs_0.lockin.banks.read_address ;
    always @(posedge clock) a_sample_begins_after_its_tick: assert (begin_ == (fv_clock == 9'd0));
    always @(posedge clock) inputs_agree_on_the_bank: assert (fv_bank == \engine.pass.lanes.inputs_1.banks );
    always @(posedge clock) bank_is_chosen_before_the_scan: assert (fv_begun && fv_clock != 9'd0 || ! \engine.pass.lanes.running && fv_stages == 11'd0);
    always @(posedge clock) if (fv_begun) begin
        the_lane_has_the_slots_in_use: assert ( \engine.pass.used == fv_slots_used);
        a_scan_ends_before_the_next_sample: assert (&fv_in_time
            && (! \engine.pass.lanes.running || fv_clock == \engine.pass.lanes.slot + 9'd1 && \engine.pass.lanes.slot < fv_slots_used));
        only_windows_are_summed: assert (!fv_enters || fv_state == FV_WINDOW);
        sums_are_of_the_window_s_bank: assert (
            (! \engine.pass.lanes.inputs_0.lockin.valid_1 || \engine.pass.lanes.inputs_0.lockin.slot_1 [7] == fv_bank)
            && (! \engine.pass.lanes.inputs_0.lockin.valid_2 || \engine.pass.lanes.inputs_0.lockin.slot_2 [7] == fv_bank)
            && (! \engine.pass.lanes.inputs_0.lockin.valid_3 || \engine.pass.lanes.inputs_0.lockin.slot_3 [7] == fv_bank)
            && (!fv_writes || fv_written[7] == fv_bank)
        );
        no_job_waits_when_a_window_begins: assert (!fv_is_before && fv_state != FV_WINDOW || !fv_waits);
        a_job_has_seen_no_window_before_the_next: assert (!fv_is_before || !fv_job || !fv_past);
        a_job_that_goes_on_has_seen_the_window: assert (fv_state != FV_WINDOW || fv_is_before || !fv_job || fv_past);
        a_gap_ends_with_the_job: assert (fv_state != FV_GAP || fv_waits || \sequencer.over || !fv_job || !fv_past);
        a_pending_job_s_bank_is_the_last_window_s: assert (!fv_pending || fv_window_bank == fv_bank);
        a_job_knows_which_bank_is_its_own: assert (!fv_job || fv_job_bank == (fv_bank ^ fv_past));
        if (fv_starts) sums_are_complete_at_the_end: assert (fv_stages == 11'd0 && ! \engine.pass.lanes.running );
        a_job_reads_its_own_window: assert (!fv_job || fv_read[7] == fv_job_bank);
        if (access_table_write) the_host_s_word_reaches_the_table: assert (
            parameters_write_enable && parameters_write_address == link_address[11:0] && parameters_write_data == link_data
        );
        what_a_job_reads_is_not_written: assert (!fv_job || !fv_writes || fv_written[7] != fv_job_bank);
        cover (fv_job && fv_past && fv_writes);
    end
