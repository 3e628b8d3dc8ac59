/* The hot loop of kernel.c, which includes this file once for each variant:
 *   EXPAND     the name of the function
 *   WORDS      the words of a state: a number where the compiler shall know it
 *   WITH_PEXT  defined: the bits of an index are gathered by the processor's PEXT
 * All three are undefined at the end. There is no guard: it is meant to be included again.
 */

#ifdef WITH_PEXT
#define TARGET __attribute__((target("bmi2")))
#define INDEX(b) extracted(b, w, words)
#else
#define TARGET
#define INDEX(b) gathered(m, b, w)
#endif

/* Look up the successors that wait, and keep those that are not known. */
TARGET static int MADE(drain_, EXPAND)(const Search *s, Worker *k, int waiting) {
    const int words = WORDS, stride = words + 2;
    for (int p = 0; p < waiting; p++) {
        const u64 *x = k->pending + (size_t)p * (size_t)stride;
        u64 last = x[words + 1]; /* one word: the slot, several: the hash */
        u64 known = words == 1 ? look(s, x, 0, last, words) : look(s, x, last, slot_of(last, s->slots), words);
        if (known == NONE && !keep_survivor(k, x, words, x[words])) return 0;
    }
    return 1;
}

/* Expand the states from `begin` up to `end`: judge them and their steps, count, and keep the successors that are not known.
 * Only judge the states, if `judge_only`. */
TARGET static void EXPAND(const Search *s, Worker *k, u64 begin, u64 end, int judge_only) {
    const Model *m = &s->m;
    const int words = WORDS, stride = words + 2;
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
        u64 any = 0;
        for (int i = 0; i < m->guard_words; i++) {
            u64 enabled = c[i];
            if (i == m->guard_words - 1 && (m->actions & 63)) enabled &= ((u64)1 << (m->actions & 63)) - 1;
            u64 fired = enabled;
            for (u64 left = enabled; left; left &= left - 1) {
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
                if (!a->moves) continue;
                u64 *to = k->pending + (size_t)waiting * (size_t)stride;
                u64 outside = 0;
                for (int j = 0; j < words; j++) to[j] = (w[j] & a->keep[j]) | a->set[j];
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
                if (same(to, w, words)) continue;
                u64 hash = mixed(to, words), at = slot_of(hash, s->slots);
                u64 *lately = k->recent + (hash >> (64 - RECENT)) * (u64)words;
                if (same(lately, to, words)) continue;
                for (int j = 0; j < words; j++) lately[j] = to[j];
                PREFETCH(&s->table[at]);
                to[words] = number;
                to[words + 1] = words == 1 ? at : hash;
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

#undef TARGET
#undef INDEX
#undef WITH_PEXT
#undef WORDS
#undef EXPAND
