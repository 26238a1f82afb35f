// Converters behind the pins of a board.

#pragma once

#include "pipe.hpp"

#include <vector>

enum { DAC_SYNC = 2, ADC_CLOCK = 4, ADC_SELECT = 8 };
// Lowest bit of the data lines.
constexpr int DAC_DATA = 8;

// The ADCs' lines, and the changes of the pins, 7 bytes each.
struct Converters {
    unsigned enable_clocks = 1;
    unsigned delay_clocks = 1;
    uint16_t pins = DAC_SYNC | ADC_CLOCK | ADC_SELECT;
    uint16_t words[HGE_INPUTS] = {};
    unsigned falls = 16;
    unsigned age = 0;
    // A bit for each ADC.
    uint8_t lines = 0;
    bool asks = true;
    uint32_t silent = 0;
    uint32_t frames = 0;
    std::vector<uint8_t> changes;

    void exchange() {
        std::fputc('E', stdout);
        give_length(static_cast<uint32_t>(changes.size() / 7));
        std::fwrite(changes.data(), 1, changes.size(), stdout);
        std::fflush(stdout);
        changes.clear();
        for (uint16_t &word : words) {
            uint8_t bytes[2];
            take(bytes, 2);
            word = static_cast<uint16_t>(bytes[0] | bytes[1] << 8);
        }
    }

    // A clock with these levels; whether a frame to the DAC has ended.
    bool clock(uint16_t now) {
        const uint16_t changed = pins ^ now;
        pins = now;
        ++silent;
        if (changed) {
            for (int place = 0; place < 32; place += 8) {
                changes.push_back(static_cast<uint8_t>(silent >> place));
            }
            changes.push_back(static_cast<uint8_t>(now));
            changes.push_back(static_cast<uint8_t>(now >> DAC_DATA));
            changes.push_back(lines);
            silent = 0;
        }
        const bool ended = changed & now & DAC_SYNC;
        if (ended) {
            asks = true;
            ++frames;
        }
        if ((changed & ADC_SELECT) && asks) {
            exchange();
            asks = false;
        }
        // Until a bit has come it is the other one.
        ++age;
        if (changed & ~now & ADC_SELECT) {
            falls = 0;
            age = 1;
        } else if (changed & ~now & ADC_CLOCK) {
            ++falls;
            age = 1;
        }
        const bool driven = !(now & ADC_SELECT) && falls < 16;
        const bool is_valid = age >= (falls == 0 ? enable_clocks : delay_clocks);
        lines = 0;
        for (unsigned index = 0; driven && index < HGE_INPUTS; ++index) {
            const bool bit = words[index] >> (15 - falls) & 1;
            lines |= static_cast<uint8_t>((bit == is_valid) << index);
        }
        return ended;
    }
};
