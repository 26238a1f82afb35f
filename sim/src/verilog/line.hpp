// The host's end of the line: of a UART, or of the FIFO of an FTDI bridge.

#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#ifdef HGE_SERIAL
// The host's transmitter: start bit, eight bits, stop bit.
struct Talker {
    unsigned bits = 0;
    unsigned left = 0;
    unsigned clocks = 0;
    bool busy() const { return left > 0; }
    bool level(std::deque<uint8_t> &input) {
        if (left == 0 && !input.empty()) {
            bits = input.front() << 1 | 0x200;
            input.pop_front();
            left = 10;
            clocks = HGE_SERIAL;
        }
        const bool now = left == 0 || (bits & 1);
        if (left > 0 && --clocks == 0) {
            bits >>= 1;
            --left;
            clocks = HGE_SERIAL;
        }
        return now;
    }
};

// The host's receiver: samples in the middle of bits.
struct Listener {
    unsigned bits = 0;
    unsigned left = 0;
    unsigned clocks = 0;
    bool busy() const { return left > 0; }
    void take(bool level, std::vector<uint8_t> &sent) {
        if (left == 0) {
            if (!level) {
                left = 9;
                clocks = HGE_SERIAL + HGE_SERIAL / 2;
            }
            return;
        }
        if (--clocks > 0) {
            return;
        }
        clocks = HGE_SERIAL;
        if (--left > 0) {
            bits = bits >> 1 | (level ? 0x80 : 0);
        } else if (level) {
            sent.push_back(static_cast<uint8_t>(bits));
        }
    }
};
#endif

#ifdef HGE_FT245
// The FIFO of an FT232H with the longest times of its data sheet (sim's `model/ft245.rs` is the other end). The host takes 8 MB/s
// out of a buffer of 1 kB.
struct Fifo {
    static constexpr double PERIOD_NS = 1e9 / HGE_FT245, PAD_NS = 9, RISE_NS = 14, HIGH_NS = 49, ANSWER_NS = 14;
    static constexpr double BYTES_PER_NS = 8e-3, BUFFER_BYTES = 1024;
    double begin_ns = 0, answer_ns = 0, rxf_rises_ns = 0, txe_rises_ns = 0, buffered = 0;
    bool rd_n = true, wr_n = true, rxf_n = true, txe_n = true, written = false, moves = false, changed = false;
    uint8_t data = 0xa5;

    // A clock with these levels; false where the data sheet does not allow them.
    bool clock(bool rd_now, bool wr_now, bool drives, uint8_t out, bool full, std::deque<uint8_t> &input,
               std::vector<uint8_t> &sent) {
        begin_ns += PERIOD_NS;
        const double change_ns = begin_ns + PAD_NS, seen_ns = begin_ns + PERIOD_NS - PAD_NS;
        moves = !rd_now || !input.empty();
        const bool reads = rd_n && !rd_now, writes = wr_n && !wr_now;
        if ((reads && rxf_n) || (writes && (txe_n || !drives)) || (!rd_now && drives)) {
            return false;
        }
        if (reads) {
            answer_ns = change_ns + ANSWER_NS;
        }
        if (!rd_n && rd_now) {
            input.pop_front();
            rxf_rises_ns = change_ns + RISE_NS;
        }
        if (!full) {
            buffered = buffered > PERIOD_NS * BYTES_PER_NS ? buffered - PERIOD_NS * BYTES_PER_NS : 0;
        }
        if (writes) {
            sent.push_back(out);
            buffered += 1;
            txe_rises_ns = change_ns + RISE_NS;
            written = moves = true;
        }
        rd_n = rd_now;
        wr_n = wr_now;
        const bool rxf_before = rxf_n, txe_before = txe_n;
        const uint8_t data_before = data;
        rxf_n = seen_ns >= rxf_rises_ns && (seen_ns < rxf_rises_ns + HIGH_NS || input.empty());
        // Once low it stays so until a byte has been written.
        if (written && seen_ns >= txe_rises_ns) {
            written = false;
            txe_n = true;
        } else if (txe_n && seen_ns >= txe_rises_ns + HIGH_NS && !full && buffered < BUFFER_BYTES) {
            txe_n = false;
        }
        const uint8_t front = input.empty() ? 0xa5 : input.front();
        data = !rd_n && seen_ns >= answer_ns ? front : static_cast<uint8_t>(~front);
        changed = rxf_n != rxf_before || txe_n != txe_before || data != data_before;
        return true;
    }
};
#endif
