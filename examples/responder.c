/* A TDISP and IDE_KM responder in C, small enough to read: a subject for `tdisprove fuzz`.
 *
 * As a shared library (-DLIBRARY -shared -fPIC) it is called through responder(); as a program it speaks lines on standard input and
 * output. Faults are compiled in with -DFAULT=n: 1 crashes on a report from a bad offset, 2 hangs on STOP in RUN, 3 lies about the
 * length of a report, 4 starts without comparing the nonce, 5 answers STOP in CONFIG_LOCKED and stays there, 6 answers START with another
 * request's response.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef FAULT
#define FAULT 0
#endif
enum { UNLOCKED, LOCKED, RUN, ERROR_STATE };
enum { INVALID_REQUEST = 1, INVALID_STATE = 4, UNSUPPORTED = 7, VERSION = 0x41, INTERFACE = 0x101, NONCE = 0x102 };

static int alive[3], state, owner, keyed_over, fresh;
static uint8_t keys[6], nonce[32], flags;
static uint32_t locks;
static uint64_t pages;                             /* MMIO_REPORTING_OFFSET of the lock, in pages */

static void reset(void) {
    memset(alive, 0, sizeof alive); memset(keys, 0, sizeof keys);
    state = UNLOCKED; owner = keyed_over = fresh = 0;
}

static void lose_keys(void) { memset(keys, 0, sizeof keys); keyed_over = 0; }

static int all_keys(void) { for (int i = 0; i < 6; i++) if (!keys[i]) return 0; return 1; }

static size_t report(uint8_t *out) {
    static const uint8_t head[16] = {2};
    memcpy(out, head, 16);
    out[0] |= flags & 1;
    out[12] = 1;                                   /* one range: 4 pages, updatable by nobody */
    memset(out + 16, 0, 16); memcpy(out + 16, &pages, 8); out[24] = 4;
    memset(out + 32, 0, 4);
    return 36;
}

static size_t tdisp(int session, const uint8_t *m, size_t n, uint8_t *out) {
    static const int size[] = {0, 0, 4, 20, 4, 0, 32, 0};
    uint8_t whole[64];
    uint32_t code = 0, data = 0;
    size_t length = 16;
    if (n < 16) return 0;
    memcpy(out, m, 16); out[0] = 0x10; out[1] = m[1] & 0x7f; memset(out + 2, 0, 2); memset(out + 8, 0, 8);
    if (m[0] != 0x10 && m[1] != 0x81) code = VERSION;
    else if (m[4] != 0 || m[5] != 1 || m[6] != 0) code = INTERFACE;
    else if (m[1] < 0x81 || m[1] > 0x87) { code = UNSUPPORTED; data = m[1]; }
    else if (n - 16 != (size_t)size[m[1] - 0x80]) code = INVALID_REQUEST;
    else switch (m[1]) {
    case 0x81: out[16] = 1; out[17] = 0x10; length = 18; break;
    case 0x82: memset(out + 16, 0, 28); out[20] = 0xfe; out[36] = 0x1f; out[41] = 52; out[42] = out[43] = 1; length = 44; break;
    case 0x83:
        if (state != UNLOCKED) { code = INVALID_STATE; break; }
        if (m[18] != 1 || !all_keys() || keyed_over != session) { code = INVALID_REQUEST; break; }
        state = LOCKED; owner = session; fresh = 1; flags = m[16];
        memcpy(&pages, m + 20, 8); pages >>= 12;
        memset(nonce, 0x5a, 32); locks++; memcpy(nonce, &locks, 4);
        memcpy(out + 16, nonce, 32); length = 48; break;
    case 0x84: {
        size_t all = report(whole), offset = m[16] | m[17] << 8, want = m[18] | m[19] << 8;
        if (state != LOCKED && state != RUN) { code = INVALID_STATE; break; }
#if FAULT == 1
        if (offset >= all) abort();
#endif
        if (offset >= all) { code = INVALID_REQUEST; break; }
        if (want > all - offset) want = all - offset;
        out[16] = want & 0xff; out[17] = want >> 8; out[18] = (all - offset - want) & 0xff; out[19] = 0;
#if FAULT == 3
        out[16]++;
#endif
        memcpy(out + 20, whole + offset, want); length = 20 + want; break;
    }
    case 0x85: out[16] = state; length = 17; break;
    case 0x86:
        if (state != LOCKED) { code = INVALID_STATE; break; }
#if FAULT != 4
        if (!fresh || memcmp(m + 16, nonce, 32)) { code = NONCE; break; }
#endif
        state = RUN; fresh = 0;
#if FAULT == 6
        out[1] = 0x07;
#endif
        break;
    case 0x87:
#if FAULT == 2
        if (state == RUN) for (;;) ;
#endif
#if FAULT == 5
        if (state == LOCKED) break;
#endif
        state = UNLOCKED; fresh = 0; break;
    }
    if (code) {
        out[1] = 0x7f; memset(out + 16, 0, 8);
        memcpy(out + 16, &code, 4); memcpy(out + 20, &data, 4); length = 24;
    }
    return length;
}

static size_t ide_km(int session, const uint8_t *m, size_t n, uint8_t *out) {
    static const uint8_t ifv[8] = {0, 0, 0, 0, 1};
    if (n < 1 || (m[0] == 0 ? n != 3 : n < 7)) return 0;
    if (m[0] == 0) { if (keyed_over && keyed_over != session) return 0; memset(out, 0, 15); out[0] = 1; return 15; }
    memcpy(out, m, 7); memset(out + 1, 0, 2); out[4] = 0;
    if (m[0] == 2) {
        int slot = (m[5] >> 4) + (m[5] & 2 ? 3 : 0);
        if (keyed_over && keyed_over != session) return 0;
        out[0] = 3;
        if (n != 47) out[4] = 1;
        else if (m[6] != 0) out[4] = 2;
        else if (m[5] >> 4 > 2 || memcmp(m + 39, ifv, 8)) out[4] = 3;
        else if (m[3] == 1) { keys[slot] = 1; keyed_over = session; }
        return 7;
    }
    return 0;                                     /* K_SET_GO and K_SET_STOP are left to the hardware's own tests */
}

int responder(int session, const uint8_t *request, size_t size, uint8_t *response, size_t *length) {
    size_t n = 0;
    if (alive[session] && session && size > 1)
        n = request[0] ? tdisp(session, request + 1, size - 1, response + 1) : ide_km(session, request + 1, size - 1, response + 1);
    response[0] = request[0];
    *length = n ? n + 1 : 0;
    return 0;
}

void responder_reset(void) { reset(); }

const char *responder_controls(void) { return "session_open session_close config_change conventional_reset"; }

int responder_control(const char *line) {
    int who = strstr(line, "host") ? 2 : 1;
    if (!strncmp(line, "session_open", 12)) { alive[who] = 1; return 0; }
    if (!strncmp(line, "session_close", 13)) {
        alive[who] = 0;
        if (keyed_over == who) lose_keys();
        if (owner == who && (state == LOCKED || state == RUN)) { state = ERROR_STATE; owner = 0; }
        return 0;
    }
    if (!strcmp(line, "config_change")) { if (state == LOCKED || state == RUN) { state = ERROR_STATE; owner = 0; } return 0; }
    if (!strcmp(line, "conventional_reset")) { reset(); return 0; }
    return 1;
}

#ifndef LIBRARY
/* The shim: everything that a responder in C needs to be driven line by line. */
int main(void) {
    static char line[1 << 17];
    static uint8_t in[1 << 16], out[1 << 16];
    while (fgets(line, sizeof line, stdin)) {
        char who[16] = "", *hex;
        line[strcspn(line, "\r\n")] = 0;
        if (!strcmp(line, "reset")) { responder_reset(); puts("ok"); }
        else if (!strcmp(line, "controls")) puts(responder_controls());
        else if (!strncmp(line, "do ", 3)) puts(responder_control(line + 3) ? "no" : "ok");
        else if (sscanf(line, "send %15s", who) == 1 && (hex = strrchr(line, ' '))) {
            size_t n = 0, length = sizeof out;
            unsigned byte;
            for (hex++; sscanf(hex + 2 * n, "%2x", &byte) == 1; n++) in[n] = byte;
            int session = !strcmp(who, "tsm") ? 1 : !strcmp(who, "host") ? 2 : 0;
            if (responder(session, in, n, out, &length) || !length) puts("-");
            else { for (size_t i = 0; i < length; i++) printf("%02x", out[i]); puts(""); }
        } else puts("no");
        fflush(stdout);
    }
    return 0;
}
#endif
