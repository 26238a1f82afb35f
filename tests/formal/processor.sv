// Processor: a sequence number acts at most once in its session, and requests keep to the bus.
//
// Stands in the emitted module `hge_processor`. The receiver writes the half that is not kept, and not while a request waits there; the
// memory returns what was written last (`ram.sv`), of the words with nonce and sequence number.

    reg fv_begun = 1'b0;
    reg fv_waits = 1'b0;
    reg [6:0] fv_values = 7'd0;
    (* anyseq *) wire [31:0] fv_received_nonce;
    (* anyseq *) wire [15:0] fv_received_number;
    reg [31:0] fv_nonce_0 = 32'd0;
    reg [31:0] fv_nonce_1 = 32'd0;
    reg [15:0] fv_number_0 = 16'd0;
    reg [15:0] fv_number_1 = 16'd0;
    always @(posedge clock) begin
        fv_begun <= 1'b1;
        fv_waits <= request && !release_ && !reset;
        fv_values <= values;
        if (!request && kept) begin
            fv_nonce_0 <= fv_received_nonce;
            fv_number_0 <= fv_received_number;
        end
        if (!request && !kept) begin
            fv_nonce_1 <= fv_received_nonce;
            fv_number_1 <= fv_received_number;
        end
    end

    // What the memory shows, a clock after the address, or two.
    reg [7:0] fv_index_1 = 8'd0;
    reg [7:0] fv_index_2 = 8'd0;
    reg [31:0] fv_shown_1 = 32'd0;
    reg [31:0] fv_shown_2 = 32'd0;
    wire [31:0] fv_nonce = index[7] ? fv_nonce_1 : fv_nonce_0;
    wire [15:0] fv_number = index[7] ? fv_number_1 : fv_number_0;
    wire [7:0] fv_index = `LATE ? fv_index_2 : fv_index_1;
    wire [31:0] fv_shown = `LATE ? fv_shown_2 : fv_shown_1;
    always @(posedge clock) begin
        fv_index_1 <= index;
        fv_index_2 <= fv_index_1;
        fv_shown_1 <= index[6:0] == 7'd2 ? fv_nonce : {fv_number, 16'd0};
        fv_shown_2 <= fv_shown_1;
    end
    always @(*) begin
        assume (fv_begun || reset);
        if (fv_waits) assume (request && values == fv_values);
        if (fv_index[6:0] == 7'd2) assume (read_data == fv_shown);
        if (fv_index[6:0] == 7'd3) assume (read_data[31:16] == fv_shown[31:16]);
    end

    // The session, and the number that acted last, by the words of the requests.
    reg fv_session = 1'b0;
    reg [31:0] fv_session_nonce = 32'd0;
    reg [15:0] fv_last = 16'd0;
    reg fv_acts = 1'b0;
    wire [31:0] fv_new_nonce = kept ? fv_nonce_0 : fv_nonce_1;
    wire [15:0] fv_new_number = kept ? fv_number_0 : fv_number_1;
    wire fv_known = fv_session && fv_new_nonce == fv_session_nonce;
    wire fv_next = fv_known && fv_new_number == fv_last + 16'd1;
    wire fv_begins = !fv_known && is_hello && sane;
    always @(posedge clock) begin
        if (state == STEP_IDLE || state == STEP_SEND) fv_acts <= 1'b0;
        if (decides) begin
            fv_acts <= fv_next;
            if (fv_begins) begin
                fv_session <= 1'b1;
                fv_session_nonce <= fv_new_nonce;
            end
            if (fv_begins || fv_next) fv_last <= fv_new_number;
        end
        if (reset) begin
            fv_session <= 1'b0;
            fv_acts <= 1'b0;
        end
    end

    // The bus.
    reg fv_holds = 1'b0;
    reg fv_may_write = 1'b0;
    reg fv_may_still = 1'b0;
    reg [1:0] fv_rest = 2'd0;
    reg [15:0] fv_address = 16'd0;
    reg [7:0] fv_data_index = 8'd0;
    reg fv_is_write = 1'b0;
    always @(posedge clock) begin
        fv_holds <= bus_request && !answered && !reset;
        fv_may_write <= bus_request && answered && is_write && refusal == 3'd0 && !reset;
        fv_may_still <= fv_may_write && !write && !reset;
        fv_rest <= (bus_request && answered) || reset ? 2'd3 : fv_rest == 2'd0 ? 2'd0 : fv_rest - 2'd1;
        fv_address <= address;
        fv_data_index <= index;
        fv_is_write <= is_write;
    end

    wire fv_works = state == STEP_CHECK || state == STEP_MATCH;
    wire fv_executes = state == STEP_FETCH || state == STEP_PLACE || state == STEP_FORM || state == STEP_ACCESS || state == STEP_CARRY;
    always @(posedge clock) if (fv_begun) begin
        session_is_known: assert (session == fv_session);
        if (fv_session) kept_words_are_the_sessions: assert ((kept ? fv_nonce_1 : fv_nonce_0) == fv_session_nonce && (kept ? fv_number_1 : fv_number_0) == fv_last);
        a_request_waits_while_it_is_judged: assert (!fv_works || fv_waits && !releases);
        if (decides) begin
            nonce_is_compared: assert (known == fv_known);
            if (fv_known) number_is_compared: assert (same == (fv_new_number == fv_last) && equal == (fv_new_number == fv_last + 16'd1));
        end
        execution_is_of_the_next_number: assert (!fv_executes || fv_acts);
        if (write || bus_request) registers_are_touched_by_the_next_number_only: assert (fv_acts);
        if (put) replies_keep_nonce_and_number: assert (index[6:0] != 7'd2 && index[6:0] != 7'd3);
        states_are_those_of_the_table: assert (state <= STEP_SEND);

        // What `access.sv` assumes.
        if (fv_holds) a_bus_request_is_held: assert (bus_request && address == fv_address && index == fv_data_index && is_write == fv_is_write);
        if (fv_rest != 2'd0) the_bus_rests: assert (!bus_request);
        if (write) writes_follow_their_answer: assert (fv_may_write || fv_may_still);
        if (write || fv_may_write) a_write_keeps_its_address: assert (address == fv_address && index == fv_data_index && is_write == fv_is_write);
        cover (write && fv_last == 16'd2);
    end
