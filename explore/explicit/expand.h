/* The hot loops of kernel.c, which includes this file once for each variant:
 *   EXPAND     the name of the function that expands states, and part of the others' names
 *   WORDS      the words of a state: a number where the compiler shall know it
 *   WITH_PEXT  defined: the processor has PEXT, which gathers the bits of an index, and AVX2, which looks at half a line at a time
 * All three are undefined at the end. There is no guard: it is meant to be included again.
 */

#ifdef WITH_PEXT
#define TARGET __attribute__((target("bmi2,popcnt,avx2")))
#define INDEX(b) extracted(m, b, w, words)
#define FIND find_line
#else
#define TARGET
#define INDEX(b) gathered(m, b, w)
#define FIND find_plain
#endif

/* Look up the successors that wait, and keep those that are not known. */
TARGET static int MADE(drain_, EXPAND)(const Search *s, Worker *k, int waiting) {
    const int words = WORDS, stride = words + 1;
    for (int p = 0; p < waiting; p++) {
        const u64 *x = k->pending + (size_t)p * (size_t)stride;
        u64 *slot;
        if (!FIND(s, x, mixed(x, words), words, &slot) && !keep_survivor(k, x, words, x[words])) return 0;
    }
    return 1;
}

/* Expand the states from `begin` up to `end`: judge them and their steps, count, and keep the successors that are not known.
 * Only judge the states, if `judge_only`. */
TARGET static void EXPAND(const Search *s, Worker *k, u64 begin, u64 end, int judge_only) {
    const Model *m = &s->m;
    const int words = WORDS, stride = words + 1;
    u64 *c = k->columns;
    int waiting = 0;
    for (u64 number = begin; number < end; number++) {
        const u64 *w = s->states + number * (u64)words;
        memset(c, 0xFF, (size_t)m->column_words * sizeof(u64));
        memset(c + m->column_words, 0, (size_t)m->expression_words * sizeof(u64));
        for (u32 g = 0; g < m->groups; g++) {
            const Group *group = &m->group[g];
            const u64 *row = m->rows + group->row + (u64)m->row_of[group->row_of + INDEX(&group->bits)] * group->count;
            u64 *to = c + group->first;
            for (u32 i = 0; i < group->count; i++) to[i] &= row[i];
        }
        for (u32 i = 0; i < m->states; i++) {
            const Law *law = &m->state_law[i];
            if (!HOLDS(law->column, law->rest)) note_state(k, law->obligation, number);
        }
        if (judge_only) continue;
        const u64 *asleep = m->asleep + (size_t)s->sleep[number] * (size_t)m->guard_words;
        u64 any = 0;
        for (int i = 0; i < m->guard_words; i++) {
            u64 enabled = c[i];
            if (i == m->guard_words - 1 && (m->actions & 63)) enabled &= ((u64)1 << (m->actions & 63)) - 1;
            u64 fired = enabled;
            for (u64 left = enabled & m->eventful[i] & ~(asleep[i] & m->lawless[i]); left; left &= left - 1) {
                int low = LOWEST(left);
                u32 action = (u32)i * 64 + (u32)low;
                const ActionRow *a = &m->action[action];
                if (a->rest >= 0 && !holds(m, a->rest, c)) {
                    fired &= ~((u64)1 << low);
                    continue;
                }
                for (u32 l = a->law; l < a->law + a->laws; l++) {
                    const Law *law = &m->law[l];
                    if (!HOLDS(law->column, law->rest)) note_step(k, law->obligation, number, action);
                }
                if (!a->moves || (asleep[i] >> low & 1)) continue;
                u64 *to = k->pending + (size_t)waiting * (size_t)stride;
                u64 outside = 0;
                const u64 *keep = m->effect + 2 * (size_t)action * (size_t)words, *set = keep + words;
                for (int j = 0; j < words; j++) to[j] = (w[j] & keep[j]) | set[j];
                for (u32 u = a->update; u < a->update + a->updates; u++) {
                    const Update *up = &m->update[u];
                    while (up->expression >= 0) up = &m->update[holds(m, up->expression, c) ? up->yes : up->no];
                    u64 value = m->tables[up->table + INDEX(&up->bits)];
                    outside |= value;
                    to[up->word] |= value & ~OUTSIDE;
                }
                if (outside & OUTSIDE) {
                    k->fault_state = number;
                    k->fault_action = action;
                    return;
                }
                if (m->exchanges) make_canonical(m, to);
                u64 hash = mixed(to, words);
                u64 *lately = k->recent + (hash >> (64 - RECENT)) * (u64)words;
                if (same(to, w, words) | same(lately, to, words)) continue;
                for (int j = 0; j < words; j++) lately[j] = to[j];
                PREFETCH(&s->table[line_of(hash, s->lines) * LINE]);
                to[words] = number | (u64)a->sleep << 32;
                if (++waiting == AHEAD) {
                    if (!MADE(drain_, EXPAND)(s, k, waiting)) return;
                    waiting = 0;
                }
            }
            any |= fired;
            k->transitions += (u64)POPCOUNT(fired);
            k->fired[i] |= fired;
        }
        k->deadlocks += any == 0;
    }
    MADE(drain_, EXPAND)(s, k, waiting);
}

/* Enter a chunk's survivors: of equal ones the first. There must be room. */
TARGET static void MADE(add_, EXPAND)(Search *s, Worker *k) {
    enum { FAR = 16 };
    const int words = WORDS;
    const size_t stride = (size_t)words + 1;
    for (size_t i = 0; i < k->survivors; i++) {
        if (i + FAR < k->survivors) PREFETCH(&s->table[line_of(mixed(k->survivor + (i + FAR) * stride, words), s->lines) * LINE]);
        const u64 *w = k->survivor + i * stride;
        u64 hash = mixed(w, words), *slot;
        if (FIND(s, w, hash, words, &slot)) continue;
        u64 *to = s->states + s->count * (u64)words;
        for (int j = 0; j < words; j++) to[j] = w[j];
        s->parents[s->count] = (u32)w[words];
        s->sleep[s->count] = (uint8_t)(w[words] >> 32);
        STORE(slot, entry_of(w, s->count, hash, words));
        s->count++;
    }
    k->survivors = 0;
}

/* Enter the first states into a table that has none of them. */
TARGET static void MADE(enter_, EXPAND)(Search *s, u64 count) {
    enum { FAR = 32 };
    const int words = WORDS;
    u64 hashes[FAR];
    for (u64 i = 0; i < count + FAR; i++) {
        if (i >= FAR) {
            u64 *slot, hash = hashes[i % FAR];
            const u64 *w = s->states + (i - FAR) * (u64)words;
            FIND(s, w, hash, words, &slot);
            STORE(slot, entry_of(w, i - FAR, hash, words));
        }
        if (i < count) {
            u64 hash = hashes[i % FAR] = mixed(s->states + i * (u64)words, words);
            PREFETCH(&s->table[line_of(hash, s->lines) * LINE]);
        }
    }
}

static const Variant MADE(EXPAND, _variant) = {EXPAND, MADE(add_, EXPAND), MADE(enter_, EXPAND)};

#undef TARGET
#undef INDEX
#undef FIND
#undef WITH_PEXT
#undef WORDS
#undef EXPAND
