// Runs the compiled instrument clock by clock and speaks with the engine through its standard streams.
//
// From the engine: 'S' length(4) bytes: bytes for the instrument. 'I' closed(1): the interlock. 'V' or 'F'
//                  samples(4) room(4): let virtual or free time go on for at most so many samples, or bytes.
// To the engine:   'T' codes(2 each): a sample begins, these DAC codes stand; the engine answers with the
//                  ADC code (2). 'D' resting(1) length(4) bytes: time stands; what the instrument has sent.
// All numbers little-endian. When time stands is as in the engine in rust-hdl's simulation.
//
// With HGE_SERIAL the instrument is the one with a UART, and that is so many clocks a bit; with HGE_FT245 the one behind a FIFO,
// and that is its clock in Hz: the bytes go over its pins, and since it has no `hold`, time stands when the line has been silent
// for longer than any request takes. A FIFO takes no byte beyond `room`.
// To the engine:   '!': the pins of the FIFO did what its data sheet does not allow, and the process ends.
//
// With HGE_BOARD it is the board's top, and the converters are on the other side:
// From the engine: 'B' pressed(1): the button that arms.
// To the engine:   'E' count(4), count times clocks(4) pins(1): after so many clocks more these levels; bit 0 DAC clock, 1 SYNC,
//                  2 DAC data, 3 ADC clock, 4 ADC select, 5 output switch, 6 level of the ADC's line that was taken at
//                  this clock's beginning. The engine answers with the bits of the ADC's frame (2).
// The ADC's answer can change only when the DAC has received something, so it is asked for at most once a frame to the DAC.

#include "line.hpp"
#include "pipe.hpp"
#ifdef HGE_BOARD
#include "converters.hpp"
#endif

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <vector>

#if defined HGE_SERIAL || defined HGE_FT245
#define HGE_LINE
#endif

#ifdef HGE_VERILATOR
#ifdef HGE_BOARD
#include "Vhge_board.h"
typedef Vhge_board Instance;
#elif defined HGE_SERIAL
#include "Vhge_serial_instrument.h"
typedef Vhge_serial_instrument Instance;
#elif defined HGE_FT245
#include "Vhge_fifo_instrument.h"
typedef Vhge_fifo_instrument Instance;
#else
#include "Vhge_instrument.h"
typedef Vhge_instrument Instance;
#endif
#include "verilated.h"
// Picoseconds: no two evaluations are at one time, for models of cells that compare times of edges.
static double now_ps = 0;
double sc_time_stamp() { return now_ps; }
struct Top {
    Instance instance;
    void eval() {
        now_ps += 1000;
        instance.eval();
    }
};
#define SET(port, mangled, value) top.instance.port = (value)
#define GET(port, mangled) static_cast<uint32_t>(top.instance.port)
#else
#include "design.cc"
#ifdef HGE_BOARD
typedef cxxrtl_design::p_hge__board Instance;
#elif defined HGE_SERIAL
typedef cxxrtl_design::p_hge__serial__instrument Instance;
#elif defined HGE_FT245
typedef cxxrtl_design::p_hge__fifo__instrument Instance;
#else
typedef cxxrtl_design::p_hge__instrument Instance;
#endif
struct Top {
    Instance instance;
    void eval() { instance.step(); }
};
#define SET(port, mangled, input) top.instance.p_##mangled.set<uint32_t>(input)
#define GET(port, mangled) top.instance.p_##mangled.get<uint32_t>()
#endif

// Sets element `index` of a port of every input, which is no array where there is one input.
#if HGE_INPUTS == 1
#define SET_INPUT(port, mangled, index, value) SET(port, mangled, value)
#else
#define SET_INPUT_CASE(number, port, mangled, value) \
    case number: \
        SET(port##_##number, mangled##__##number, value); \
        break;
#if HGE_INPUTS > 2
#define SET_INPUT_2(port, mangled, value) SET_INPUT_CASE(2, port, mangled, value)
#else
#define SET_INPUT_2(port, mangled, value)
#endif
#if HGE_INPUTS > 3
#define SET_INPUT_3(port, mangled, value) SET_INPUT_CASE(3, port, mangled, value)
#else
#define SET_INPUT_3(port, mangled, value)
#endif
#if HGE_INPUTS > 4
#define SET_INPUT_4(port, mangled, value) SET_INPUT_CASE(4, port, mangled, value)
#else
#define SET_INPUT_4(port, mangled, value)
#endif
#if HGE_INPUTS > 5
#define SET_INPUT_5(port, mangled, value) SET_INPUT_CASE(5, port, mangled, value)
#else
#define SET_INPUT_5(port, mangled, value)
#endif
#if HGE_INPUTS > 6
#define SET_INPUT_6(port, mangled, value) SET_INPUT_CASE(6, port, mangled, value)
#else
#define SET_INPUT_6(port, mangled, value)
#endif
#if HGE_INPUTS > 7
#define SET_INPUT_7(port, mangled, value) SET_INPUT_CASE(7, port, mangled, value)
#else
#define SET_INPUT_7(port, mangled, value)
#endif
#define SET_INPUT(port, mangled, index, value) \
    switch (index) { \
        SET_INPUT_CASE(0, port, mangled, value) \
        SET_INPUT_CASE(1, port, mangled, value) \
        SET_INPUT_2(port, mangled, value) \
        SET_INPUT_3(port, mangled, value) \
        SET_INPUT_4(port, mangled, value) \
        SET_INPUT_5(port, mangled, value) \
        SET_INPUT_6(port, mangled, value) \
        SET_INPUT_7(port, mangled, value) \
    }
#endif

#ifdef HGE_BOARD
// The data lines of the DACs, a bit each.
#define GET_DAC(number) GET(dac_data_##number, dac__data__##number) << number
#if HGE_DACS == 1
#define GET_DAC_DATA GET(dac_data, dac__data)
#elif HGE_DACS == 2
#define GET_DAC_DATA (GET_DAC(0) | GET_DAC(1))
#elif HGE_DACS == 4
#define GET_DAC_DATA (GET_DAC(0) | GET_DAC(1) | GET_DAC(2) | GET_DAC(3))
#else
#define GET_DAC_DATA \
    (GET_DAC(0) | GET_DAC(1) | GET_DAC(2) | GET_DAC(3) | GET_DAC(4) | GET_DAC(5) | GET_DAC(6) | GET_DAC(7))
#endif
#endif

// Clocks at rest after which nothing can follow: a byte taken shows in the link's state two clocks later.
#ifdef HGE_LINE
// 64 registers and the stuffing of their 270 bytes take about 3500 clocks.
static const unsigned QUIET_CLOCKS = 6000;
#else
static const unsigned QUIET_CLOCKS = 8;
#endif

int main(int count, char **arguments) {
    const size_t outputs = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 8;
    std::vector<uint16_t> codes(outputs, 0);
    std::deque<uint8_t> input;
    std::vector<uint8_t> sent;
    static Top top;
    SET(locked, locked, 1);
    SET(interlock, interlock, 1);
#ifdef HGE_SERIAL
    Talker talker;
    Listener listener;
#endif
#ifdef HGE_FT245
    Fifo fifo;
    SET(fifo_rxf_n, fifo__rxf__n, 1);
    SET(fifo_txe_n, fifo__txe__n, 1);
#endif
#ifdef HGE_BOARD
    Converters converters;
    if (count > 3) {
        converters.enable_clocks = static_cast<unsigned>(std::strtoul(arguments[2], nullptr, 10));
        converters.delay_clocks = static_cast<unsigned>(std::strtoul(arguments[3], nullptr, 10));
    }
#endif
    for (;;) {
        uint8_t order;
        take(&order, 1);
        if (order == 'S') {
            const uint32_t length = take_length();
            for (uint32_t index = 0; index < length; ++index) {
                uint8_t byte;
                take(&byte, 1);
                input.push_back(byte);
            }
            continue;
        }
        if (order == 'I') {
            uint8_t closed;
            take(&closed, 1);
            SET(interlock, interlock, closed);
            continue;
        }
#ifdef HGE_BOARD
        if (order == 'B') {
            uint8_t pressed;
            take(&pressed, 1);
            SET(arm_button, arm__button, pressed);
            continue;
        }
#endif
        const bool hold = order == 'V';
        const uint32_t samples = take_length();
        const uint32_t room = take_length();
        uint32_t passed = 0;
        unsigned quiet = 0;
        bool resting;
        bool full;
#ifndef HGE_LINE
        SET(hold, hold, hold);
#endif
        do {
            full = sent.size() >= room;
#ifdef HGE_SERIAL
            SET(rx, rx, talker.level(input));
#elif !defined HGE_LINE
            SET(tx_ready, tx__ready, !full);
            SET(rx_valid, rx__valid, !input.empty());
            SET(rx_byte, rx__byte, input.empty() ? 0 : input.front());
#endif
            SET(clock, clock, 0);
            top.eval();
#ifdef HGE_FT245
            if (!fifo.clock(GET(fifo_rd_n, fifo__rd__n), GET(fifo_wr_n, fifo__wr__n), GET(fifo_drives, fifo__drives),
                            static_cast<uint8_t>(GET(fifo_data_out, fifo__data__out)), full, input, sent)) {
                std::fputc('!', stdout);
                return 1;
            }
            if (fifo.changed) {
                SET(fifo_rxf_n, fifo__rxf__n, fifo.rxf_n);
                SET(fifo_txe_n, fifo__txe__n, fifo.txe_n);
                SET(fifo_data_in, fifo__data__in, fifo.data);
                top.eval();
            }
#endif
#ifdef HGE_BOARD
            const bool ended = converters.clock(static_cast<uint16_t>(
                GET(dac_sclk, dac__sclk) | GET(dac_sync_n, dac__sync__n) << 1 | GET(adc_sclk, adc__sclk) << 2 |
                GET(adc_cs_n, adc__cs__n) << 3 | GET(output_enable, output__enable) << 4 |
                GET_DAC_DATA << DAC_DATA));
            // The first seventeen frames set the DAC up, then eight are a sample.
            passed += ended && converters.frames > 17 && converters.frames % 8 == 1;
            for (unsigned index = 0; index < HGE_INPUTS; ++index) {
                SET_INPUT(adc_data, adc__data, index, converters.lines >> index & 1);
            }
            top.eval();
#else
            if (GET(tick, tick)) {
                ++passed;
                std::fputc('T', stdout);
                for (uint16_t code : codes) {
                    std::fputc(code & 255, stdout);
                    std::fputc(code >> 8, stdout);
                }
                std::fflush(stdout);
                for (unsigned index = 0; index < HGE_INPUTS; ++index) {
                    uint8_t code[2];
                    take(code, 2);
                    SET_INPUT(adc, adc, index, code[0] | code[1] << 8);
                }
                top.eval();
            }
            if (GET(dac_write, dac__write)) {
                const size_t index = GET(dac_index, dac__index);
                if (index < outputs) {
                    codes[index] = static_cast<uint16_t>(GET(dac_code, dac__code));
                }
            }
#endif
#ifdef HGE_SERIAL
            listener.take(GET(tx, tx), sent);
            const bool stirs = talker.busy() || listener.busy();
#elif defined HGE_FT245
            const bool stirs = fifo.moves;
#else
            if (!input.empty() && GET(rx_ready, rx__ready)) {
                input.pop_front();
            }
            bool stirs = !input.empty() || !GET(resting, resting);
            if (!full && GET(tx_valid, tx__valid)) {
                sent.push_back(static_cast<uint8_t>(GET(tx_byte, tx__byte)));
                stirs = true;
            }
#endif
            SET(clock, clock, 1);
            top.eval();
            quiet = stirs ? 0 : quiet + 1;
            resting = quiet >= QUIET_CLOCKS;
        } while (passed < samples && !(hold && (resting || full)));
#ifdef HGE_BOARD
        converters.exchange();
#endif
        std::fputc('D', stdout);
        std::fputc(resting, stdout);
        give_length(static_cast<uint32_t>(sent.size()));
        std::fwrite(sent.data(), 1, sent.size(), stdout);
        std::fflush(stdout);
        sent.clear();
    }
}
