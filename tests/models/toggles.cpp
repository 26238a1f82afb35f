// Plays a host to the instrument that Verilator has compiled with --coverage-toggle, gives it the ADC codes of a log, says what it says, and
// counts how often every bit changes.
//
// The clock is that of tests/models/bench.v. Numbers are little-endian.
//
// reads   stdin         how many items, u32, and the items, u16: bits 7..0 a byte of the host, bit 8 set where the host waits for rest behind it;
//                       how many ADC codes, u32, and the codes, u16, one a tick and input
// writes  stdout        the bytes that the instrument says
//         coverage.dat  Verilator's counts

#include "Vhge_instrument.h"
#include "verilated.h"
#include "verilated_cov.h"
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

// Clocks of rest before the next line, and after which the instrument should have come to rest.
static const unsigned QUIET_CLOCKS = 8;
static const uint64_t MOST_CLOCKS = 20000000;

#if HGE_INPUTS == 1
#define SET_ADC(index, value) top.adc = value
#else
#define SET_ADC(index, value) set_adc(top, index, value)
static void set_adc(Vhge_instrument &top, unsigned index, uint16_t value) {
    SData *const ports[] = {HGE_ADC_PORTS};
    *ports[index] = value;
}
#endif

static uint32_t take(unsigned bytes) {
    uint32_t value = 0;
    for (unsigned place = 0; place < bytes; ++place) {
        const int byte = std::fgetc(stdin);
        if (byte == EOF) {
            std::exit(1);
        }
        value |= static_cast<uint32_t>(byte) << 8 * place;
    }
    return value;
}

static std::vector<uint16_t> take_all() {
    std::vector<uint16_t> values(take(4));
    for (uint16_t &value : values) {
        value = static_cast<uint16_t>(take(2));
    }
    return values;
}

int main() {
    const std::vector<uint16_t> items = take_all();
    const std::vector<uint16_t> codes = take_all();
    static Vhge_instrument top;
    top.locked = 1;
    top.interlock = 1;
    top.hold = 1;
    top.tx_ready = 1;
    size_t item = 0;
    size_t code = 0;
    unsigned quiet = 0;
    bool waits = false;
    for (uint64_t clock = 0; clock < MOST_CLOCKS; ++clock) {
        top.clock = 0;
        top.rx_valid = !waits && item < items.size();
        top.rx_byte = top.rx_valid ? items[item] & 255 : 0;
        top.eval();
        if (top.tick) {
            for (unsigned index = 0; index < HGE_INPUTS; ++index) {
                SET_ADC(index, code < codes.size() ? codes[code] : 0);
                ++code;
            }
            top.eval();
        }
        bool stirs = top.rx_valid;
        if (top.rx_valid && top.rx_ready) {
            waits = items[item] >> 8 & 1;
            ++item;
        }
        if (top.tx_valid) {
            stirs = true;
            std::fputc(top.tx_byte, stdout);
        }
        top.clock = 1;
        top.eval();
        quiet = stirs || !top.resting ? 0 : quiet + 1;
        if (quiet >= QUIET_CLOCKS) {
            quiet = 0;
            waits = false;
            if (item == items.size()) {
                Verilated::threadContextp()->coveragep()->write("coverage.dat");
                return 0;
            }
        }
    }
    std::fputs("the instrument does not come to rest\n", stderr);
    return 1;
}
