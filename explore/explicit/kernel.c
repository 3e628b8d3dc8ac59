/* Breadth-first exploration over packed states, for any model: a model comes as tables (tables.py says how).
 *
 * A state is `words` 64-bit words whose top bits are clear. Truth values about a state ("columns") are computed
 * together: the state's bits are cut into overlapping groups, each group's bits select a row of column bits, and the
 * conjunction of the rows is what holds. The columns are, in this order: the guard of each action, the laws on steps,
 * what must hold in all states, and the atoms of expressions that no group can hold ("rests").
 *
 * States are numbered in the order in which a search on one thread would find them: by the number of their
 * first parent, then by the action. With several threads, each expands a chunk of the frontier and drops successors
 * that are known; what is left is entered chunk by chunk in their order. So the numbering, and with it every trace, is
 * the same for any number of threads: a successor that a racing reader took for unknown is looked up again on entry.
 */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__unix__) || defined(__APPLE__)
#define HAVE_THREADS 1
#include <pthread.h>
#include <sys/mman.h>
#else
#define HAVE_THREADS 0
#endif

#if (defined(__GNUC__) || defined(__clang__)) && defined(__x86_64__)
#define HAVE_PEXT 1
#include <immintrin.h>
#else
#define HAVE_PEXT 0
#endif

#if defined(__GNUC__) || defined(__clang__)
#define PREFETCH(p) __builtin_prefetch(p)
#define LOAD(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define STORE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define LOWEST(x) __builtin_ctzll(x)
#define POPCOUNT(x) __builtin_popcountll(x)
#define INLINE static inline __attribute__((always_inline))
#else
#define PREFETCH(p) ((void)(p))
#define LOAD(p) (*(volatile const uint64_t *)(p))
#define STORE(p, v) (*(volatile uint64_t *)(p) = (v))
#define INLINE static inline
static int LOWEST(uint64_t x) { int n = 0; while (!(x & 1)) { x >>= 1; n++; } return n; }
static int POPCOUNT(uint64_t x) { int n = 0; while (x) { x &= x - 1; n++; } return n; }
#endif

typedef uint64_t u64;
typedef uint32_t u32;

#define MAX_WORDS 8
#define EMPTY ((u64)0)         /* a slot of the hash table that holds no state; the others hold the complement of what they say */
#define OUTSIDE ((u64)1 << 63) /* in a table of updates: the value leaves its domain */
#define NONE (~(u64)0)
#define CHUNK 2048  /* states that a thread expands at a time */
#define AHEAD 512   /* successors whose slots are fetched before the first of them is looked up */
#define LINE 8      /* slots of the hash table in a line of the processor's cache; a state lies in the line of its hash, or after it */
#define RECENT 14   /* two to this many of the newest successors need no look at the table, where they come again */

/* --- what a model is made of ------------------------------------------------------------------------------------- */

typedef struct { /* bits of a state, as an index: a mask per word; without PEXT they are gathered run by run */
    u32 mask;      /* into `masks` */
    u32 run, runs; /* into `runs`, for machines without PEXT */
} Bits;

typedef struct { u32 word, shift, at; u64 mask; } Run; /* index |= (word >> shift & mask) << at */

typedef struct { Bits bits; u32 row_of; u64 row; u32 first, count; } Group;

typedef struct { u32 update, updates, law, laws; int rest, moves; u32 sleep; } ActionRow;

typedef struct { int expression, yes, no; /* expression < 0: a leaf */ Bits bits; u64 table; u32 word; } Update;

typedef struct { u32 column; int rest; u32 obligation; } Law; /* what must hold: of a step, or of a state */

/* An exchange of symmetric instances: bits that change places, then fields whose codes are replaced. */
typedef struct { u32 word, shift, other, other_shift; u64 mask; } Swap;
typedef struct { u32 word, shift; u64 mask; u32 table; } Replace;
typedef struct { u32 swap, swaps, replace, replaces; } Exchange;

typedef struct {
    int words, actions, columns, column_words, expression_words, guard_words, obligations;
    u32 groups, laws, states, exchanges;
    Group *group;
    ActionRow *action;
    u64 *effect;    /* of each action: which bits of each word it keeps, then those that it sets */
    u64 *eventful;  /* which actions do more than happen, a bit each: the others are only counted */
    u64 *lawless;   /* which actions only move: no law is about them, and their guards are columns */
    u64 *asleep;    /* sets of actions that lead to states that have been found when they are taken; the first is empty */
    u64 *masks;
    Update *update;
    Law *law;       /* of steps: the actions say which are theirs */
    Law *state_law; /* of states */
    Run *runs;
    u32 *row_of;
    u64 *rows, *tables;
    int32_t *code;   /* of the expressions, one after the other */
    int32_t *starts; /* where each expression begins; one more at the end */
    Exchange *exchange;
    Swap *swap;
    Replace *replace;
    u64 *codes; /* of the fields that are replaced */
} Model;

/* --- what a search has found ------------------------------------------------------------------------------------- */

typedef struct { /* what one thread counts; summed up at the end of a call */
    u64 transitions, deadlocks;
    u64 *fired;
    u64 *bad_state, *bad_step; /* per obligation: the first state in which, or before a step of which, it fails */
    u32 *bad_action;
    u64 fault_state;
    u32 fault_action;
    u64 *columns;             /* of the state at hand; then which expressions are known, and their values */
    u64 *survivor;            /* successors that were not known: words, then what is kept of the step to them */
    size_t survivors, room;
    u64 *recent;              /* successors that were looked up lately, by hash */
    u64 *pending;             /* successors to look up: likewise */
    int failed;               /* memory ended */
} Worker;

typedef struct {
    PyObject_HEAD
    Model m;
    int pext;
    u64 count, room;   /* states, and for how many there is memory */
    u64 *states;       /* the words of each state */
    u32 *parents;
    uint8_t *sleep;    /* which of the sets is asleep in each state: see reduction/independence.py */
    u64 *table, lines; /* open addressing by lines, each filled from its start; one word: the state itself, several: a tag and the number */
    const struct Variant *by;
    Worker total;
    int busy;
} Search;

/* --- memory ------------------------------------------------------------------------------------------------------- */

/* Memory that is zero, from the beginning of a line of the cache. */
static void *large(size_t bytes) {
#if HAVE_THREADS
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
#ifdef MADV_HUGEPAGE
    madvise(p, bytes, MADV_HUGEPAGE); /* random access is bound by address translation without */
#endif
    return p;
#else
    /* What was given stands before. */
    void *given = malloc(bytes + 2 * 64);
    if (given == NULL) return NULL;
    char *p = (char *)(((uintptr_t)given + 2 * 64 - 1) & ~(uintptr_t)63);
    memset(p, 0, bytes);
    ((void **)(void *)p)[-1] = given;
    return p;
#endif
}

static void release(void *p, size_t bytes) {
    if (p == NULL) return;
#if HAVE_THREADS
    munmap(p, bytes);
#else
    (void)bytes;
    free(((void **)p)[-1]);
#endif
}

/* --- the set of states ------------------------------------------------------------------------------------------- */

INLINE u64 mixed(const u64 *w, int words) {
    u64 h = w[0] * 0x9E3779B97F4A7C15u;
    for (int i = 1; i < words; i++) h = ((h ^ (h >> 32)) + w[i]) * 0x9E3779B97F4A7C15u;
    h ^= h >> 32;
    return h * 0xD6E8FEB86659FD93u;
}

/* The line of a hash, the lines being as many as there are. */
INLINE u64 line_of(u64 hash, u64 lines) {
#ifdef __SIZEOF_INT128__
    return (u64)(((unsigned __int128)hash * lines) >> 64);
#else
    u64 a = hash >> 32, b = hash & 0xFFFFFFFFu, c = lines >> 32, d = lines & 0xFFFFFFFFu;
    u64 mid = a * d + ((b * d) >> 32), mid2 = (mid & 0xFFFFFFFFu) + b * c;
    return a * c + (mid >> 32) + (mid2 >> 32);
#endif
}

INLINE int same(const u64 *a, const u64 *b, int words) {
    for (int i = 0; i < words; i++)
        if (a[i] != b[i]) return 0;
    return 1;
}

INLINE u64 tag_of(u64 hash) { return (hash & 0x7FFFFFFFu) << 32; }

/* What stands in the slot of a state that has this number. */
INLINE u64 entry_of(const u64 *w, u64 number, u64 hash, int words) { return ~(words == 1 ? w[0] : tag_of(hash) | number); }

/* Whether what stands in a slot is the state; `entry` is what the state would have with the number 0. */
INLINE int is_at(const Search *s, u64 found, const u64 *w, u64 entry, int words) {
    if (words == 1) return found == entry;
    return ((found ^ entry) >> 32) == 0 && same(s->states + (u32)~found * (u64)words, w, words);
}

/* Whether a state is there, and its slot: the one that it has, or the first that is empty in its place. */
INLINE int find_plain(const Search *s, const u64 *w, u64 hash, int words, u64 **slot) {
    u64 entry = entry_of(w, 0, hash, words), at = line_of(hash, s->lines);
    for (;;) {
        u64 *line = s->table + at * LINE;
        for (int i = 0; i < LINE; i++) {
            u64 found = LOAD(&line[i]);
            *slot = &line[i];
            if (found == EMPTY) return 0;
            if (is_at(s, found, w, entry, words)) return 1;
        }
        if (++at == s->lines) at = 0;
    }
}

#if HAVE_PEXT
#define SAME4(a, b) ((unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(a, b))))

/* The same, a line at a time. Another thread may be filling slots: what is still seen empty is looked up again on entry. */
__attribute__((target("avx2"))) static inline __attribute__((always_inline)) int find_line(const Search *s, const u64 *w, u64 hash,
                                                                                         int words, u64 **slot) {
    u64 entry = entry_of(w, 0, hash, words), at = line_of(hash, s->lines);
    const __m256i high = _mm256_set1_epi64x((long long)0xFFFFFFFF00000000u), empty = _mm256_setzero_si256();
    const __m256i wanted = words == 1 ? _mm256_set1_epi64x((long long)entry) : _mm256_and_si256(_mm256_set1_epi64x((long long)entry), high);
    for (;;) {
        u64 *line = s->table + at * LINE;
        __m256i a = _mm256_load_si256((const __m256i *)line), b = _mm256_load_si256((const __m256i *)(line + 4));
        __m256i x = words == 1 ? a : _mm256_and_si256(a, high), y = words == 1 ? b : _mm256_and_si256(b, high);
        for (unsigned hits = SAME4(x, wanted) | SAME4(y, wanted) << 4; hits; hits &= hits - 1) {
            *slot = &line[LOWEST((u64)hits)];
            if (words == 1 || is_at(s, LOAD(*slot), w, entry, words)) return 1;
        }
        unsigned free = SAME4(a, empty) | SAME4(b, empty) << 4;
        if (free) {
            *slot = &line[LOWEST((u64)free)];
            return 0;
        }
        if (++at == s->lines) at = 0;
    }
}
#endif

/* So many states fit into so many lines: they are at most four fifths full. */
INLINE int fits(u64 states, u64 lines) { return states <= lines * LINE / 5 * 4; }

static size_t table_bytes(u64 lines) { return lines * LINE * sizeof(u64); }

static void enter_all(Search *s, u64 count);

/* Room for so many states more; nothing else may use the search meanwhile. */
static int reserve(Search *s, u64 more) {
    int words = s->m.words;
    u64 need = s->count + more;
    if (need >= 0xFFFFFFFFu) return 0;
    if (need > s->room) {
        u64 room = s->room + s->room / 4;
        if (room < need) room = need;
        u64 *states = realloc(s->states, room * (u64)words * sizeof(u64));
        if (states == NULL) return 0;
        s->states = states;
        u32 *parents = realloc(s->parents, room * sizeof(u32));
        if (parents == NULL) return 0;
        s->parents = parents;
        uint8_t *sleep = realloc(s->sleep, room);
        if (sleep == NULL) return 0;
        s->sleep = sleep;
        s->room = room;
    }
    if (!fits(need, s->lines)) {
        u64 lines = s->lines + s->lines / 3;
        while (!fits(need, lines)) lines += lines / 3;
        /* The old table goes first: all states are known without it. */
        release(s->table, table_bytes(s->lines));
        s->table = large(table_bytes(lines));
        int grown = s->table != NULL;
        if (!grown) {
            lines = s->lines;
            s->table = large(table_bytes(lines));
            if (s->table == NULL) { s->lines = 0; return 0; }
        }
        s->lines = lines;
        enter_all(s, s->count);
        return grown;
    }
    return 1;
}

/* --- representatives of symmetric states --------------------------------------------------------------------------- */

INLINE int less(const u64 *a, const u64 *b, int words) {
    for (int i = 0; i < words; i++)
        if (a[i] != b[i]) return a[i] < b[i];
    return 0;
}

/* Exchange instances as long as that makes the state smaller. */
static void make_canonical(const Model *m, u64 *w) {
    int words = m->words, changed = 1;
    u64 x[MAX_WORDS];
    while (changed) {
        changed = 0;
        for (u32 e = 0; e < m->exchanges; e++) {
            const Exchange *ex = &m->exchange[e];
            for (int i = 0; i < words; i++) x[i] = w[i];
            for (u32 i = ex->swap; i < ex->swap + ex->swaps; i++) {
                const Swap *s = &m->swap[i];
                u64 differ = ((x[s->word] >> s->shift) ^ (x[s->other] >> s->other_shift)) & s->mask;
                x[s->word] ^= differ << s->shift;
                x[s->other] ^= differ << s->other_shift;
            }
            for (u32 i = ex->replace; i < ex->replace + ex->replaces; i++) {
                const Replace *r = &m->replace[i];
                u64 code = (x[r->word] >> r->shift) & r->mask;
                x[r->word] ^= (code ^ m->codes[r->table + code]) << r->shift;
            }
            if (less(x, w, words)) {
                for (int i = 0; i < words; i++) w[i] = x[i];
                changed = 1;
            }
        }
    }
}

/* --- what holds in a state --------------------------------------------------------------------------------------- */

INLINE u64 gathered(const Model *m, const Bits *b, const u64 *w) {
    u64 index = 0;
    for (u32 r = b->run; r < b->run + b->runs; r++) {
        const Run *run = &m->runs[r];
        index |= ((w[run->word] >> run->shift) & run->mask) << run->at;
    }
    return index;
}

#if HAVE_PEXT
__attribute__((target("bmi2,popcnt"))) static inline __attribute__((always_inline)) u64 extracted(const Model *m, const Bits *b,
                                                                                                   const u64 *w, int words) {
    const u64 *mask = m->masks + b->mask;
    u64 index = _pext_u64(w[0], mask[0]);
    int at = words > 1 ? POPCOUNT(mask[0]) : 0;
    for (int i = 1; i < words; i++) {
        index |= _pext_u64(w[i], mask[i]) << at;
        at += POPCOUNT(mask[i]);
    }
    return index;
}
#endif

INLINE int bit(const u64 *columns, u32 c) { return (int)(columns[c >> 6] >> (c & 63) & 1); }

/* An expression is an operator and its operands: twice the number of a column, or twice the number of another
 * expression and one, or a constant. No more operands are looked at than are needed, and what an expression comes to is
 * remembered while the state is at hand. */
enum { NOT = -1, AND = -2, OR = -3, CHOICE = -4, YES = -5, NO = -6, SAME = -7 };

static int holds(const Model *m, int expression, u64 *columns);

INLINE int operand(const Model *m, int32_t x, u64 *columns) {
    if (x < 0) return x == YES;
    return x & 1 ? holds(m, x >> 1, columns) : bit(columns, (u32)x >> 1);
}

static int holds(const Model *m, int expression, u64 *columns) {
    u64 *known = columns + m->column_words, *values = known + m->expression_words;
    if (bit(known, (u32)expression)) return bit(values, (u32)expression);
    const int32_t *x = m->code + m->starts[expression], *end = m->code + m->starts[expression + 1];
    int value;
    switch (*x++) {
        case NOT: value = !operand(m, *x, columns); break;
        case CHOICE: value = operand(m, x[operand(m, *x, columns) ? 1 : 2], columns); break; /* condition, then, otherwise */
        case SAME: value = operand(m, x[0], columns) == operand(m, x[1], columns); break;
        case AND:
            while (x < end && operand(m, *x, columns)) x++;
            value = x == end;
            break;
        default: /* OR */
            while (x < end && !operand(m, *x, columns)) x++;
            value = x < end;
    }
    known[expression >> 6] |= (u64)1 << (expression & 63);
    values[expression >> 6] &= ~((u64)1 << (expression & 63));
    values[expression >> 6] |= (u64)value << (expression & 63);
    return value;
}

#define MADE2(a, b) a##b
#define MADE(a, b) MADE2(a, b)
#define HOLDS(column, rest) (bit(c, column) && ((rest) < 0 || holds(m, rest, c)))

INLINE void note_state(Worker *k, u32 obligation, u64 state) {
    if (state < k->bad_state[obligation]) k->bad_state[obligation] = state;
}

INLINE void note_step(Worker *k, u32 obligation, u64 state, u32 action) {
    if (state < k->bad_step[obligation] || (state == k->bad_step[obligation] && action < k->bad_action[obligation])) {
        k->bad_step[obligation] = state;
        k->bad_action[obligation] = action;
    }
}

/* --- the hot loop: made for each width, with and without PEXT ---------------------------------------------------- */

INLINE int keep_survivor(Worker *k, const u64 *w, int words, u64 from) {
    if (k->survivors == k->room) {
        size_t room = k->room * 2;
        u64 *more = realloc(k->survivor, room * (size_t)(words + 1) * sizeof(u64));
        if (more == NULL) { k->failed = 1; return 0; }
        k->survivor = more;
        k->room = room;
    }
    u64 *to = k->survivor + k->survivors++ * (size_t)(words + 1);
    for (int i = 0; i < words; i++) to[i] = w[i];
    to[words] = from;
    return 1;
}

typedef struct Variant {
    void (*expand)(const Search *s, Worker *k, u64 begin, u64 end, int judge_only);
    void (*add)(Search *s, Worker *k);
    void (*enter)(Search *s, u64 count);
} Variant;

#define WORDS 1
#define EXPAND plain_1
#include "expand.h"

#define WORDS s->m.words
#define EXPAND plain_n
#include "expand.h"

#if HAVE_PEXT
#define WITH_PEXT
#define WORDS 1
#define EXPAND pext_1
#include "expand.h"

#define WITH_PEXT
#define WORDS 2
#define EXPAND pext_2
#include "expand.h"

#define WITH_PEXT
#define WORDS s->m.words
#define EXPAND pext_n
#include "expand.h"
#endif

static const Variant *variant(const Model *m, int pext) {
#if HAVE_PEXT
    if (pext) return m->words == 1 ? &pext_1_variant : m->words == 2 ? &pext_2_variant : &pext_n_variant;
#endif
    (void)pext;
    return m->words == 1 ? &plain_1_variant : &plain_n_variant;
}

static void enter_all(Search *s, u64 count) { s->by->enter(s, count); }

/* --- threads ------------------------------------------------------------------------------------------------------- */

static double now(void) {
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef struct {
    Search *s;
    u64 begin, end, next; /* the frontier, and where the next chunk begins */
    u64 turn;             /* the chunk whose survivors are entered next */
    double until;
    int judge_only, stop, failed;
    u64 reached;
#if HAVE_THREADS
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_rwlock_t shape; /* held for reading while the table must stay where it is */
#endif
} Job;

typedef struct { Job *job; Worker *worker; } Task;

#if HAVE_THREADS
#define WHEN_THREADS(x) x
#else
#define WHEN_THREADS(x)
#endif

static void *work(void *argument) {
    Task *task = argument;
    Job *job = task->job;
    Search *s = job->s;
    Worker *k = task->worker;
    for (;;) {
        WHEN_THREADS(pthread_mutex_lock(&job->mutex);)
        u64 begin = job->next;
        int over = job->stop || begin >= job->end;
        u64 end = begin + CHUNK < job->end ? begin + CHUNK : job->end;
        if (!over) job->next = end;
        WHEN_THREADS(pthread_mutex_unlock(&job->mutex);)
        if (over) return NULL;

        WHEN_THREADS(pthread_rwlock_rdlock(&job->shape);)
        s->by->expand(s, k, begin, end, job->judge_only);
        WHEN_THREADS(pthread_rwlock_unlock(&job->shape);)

        WHEN_THREADS(pthread_mutex_lock(&job->mutex);
                     while (job->turn != begin) pthread_cond_wait(&job->changed, &job->mutex);
                     pthread_mutex_unlock(&job->mutex);)
        /* It is this chunk's turn, so no other thread changes the set now. Once a thread has failed, nothing is entered. */
        if (!job->failed) {
            if (k->failed || k->fault_state != NONE) job->failed = 1;
            else {
                u64 need = s->count + k->survivors;
                int room = need <= s->room && fits(need, s->lines);
                if (!room) {
                    WHEN_THREADS(pthread_rwlock_wrlock(&job->shape);)
                    room = reserve(s, k->survivors);
                    WHEN_THREADS(pthread_rwlock_unlock(&job->shape);)
                }
                if (room) { s->by->add(s, k); job->reached = end; }
                else { k->failed = 1; job->failed = 1; }
            }
        }
        k->survivors = 0;
        WHEN_THREADS(pthread_mutex_lock(&job->mutex);)
        job->turn = end;
        if (job->failed || now() > job->until) job->stop = 1;
        WHEN_THREADS(pthread_cond_broadcast(&job->changed);
                     pthread_mutex_unlock(&job->mutex);)
    }
}

static void clear_worker(Worker *k) {
    free(k->fired); free(k->bad_state); free(k->bad_step); free(k->bad_action);
    free(k->columns); free(k->survivor); free(k->pending); free(k->recent);
    memset(k, 0, sizeof *k);
}

static int make_worker(Worker *k, const Model *m, int hot) {
    memset(k, 0, sizeof *k);
    size_t n = (size_t)m->obligations + 1;
    k->fired = calloc((size_t)m->guard_words + 1, sizeof(u64));
    k->bad_state = malloc(n * sizeof(u64));
    k->bad_step = malloc(n * sizeof(u64));
    k->bad_action = malloc(n * sizeof(u32));
    if (hot) {
        k->room = 1 << 14;
        k->columns = malloc(((size_t)m->column_words + 2 * (size_t)m->expression_words + 1) * sizeof(u64));
        k->survivor = malloc(k->room * (size_t)(m->words + 1) * sizeof(u64));
        k->recent = malloc(((size_t)1 << RECENT) * (size_t)m->words * sizeof(u64));
        k->pending = malloc((size_t)AHEAD * (size_t)(m->words + 1) * sizeof(u64));
    }
    if (!k->fired || !k->bad_state || !k->bad_step || !k->bad_action || (hot && (!k->columns || !k->survivor || !k->pending || !k->recent))) {
        clear_worker(k);
        return 0;
    }
    if (hot) memset(k->recent, 0xFF, ((size_t)1 << RECENT) * (size_t)m->words * sizeof(u64));
    memset(k->bad_state, 0xFF, n * sizeof(u64));
    memset(k->bad_step, 0xFF, n * sizeof(u64));
    memset(k->bad_action, 0xFF, n * sizeof(u32));
    k->fault_state = NONE;
    return 1;
}

static void sum_up(Worker *total, const Worker *k, const Model *m) {
    total->transitions += k->transitions;
    total->deadlocks += k->deadlocks;
    for (int i = 0; i < m->guard_words; i++) total->fired[i] |= k->fired[i];
    for (int o = 0; o < m->obligations; o++) {
        note_state(total, (u32)o, k->bad_state[o]);
        if (k->bad_step[o] != NONE) note_step(total, (u32)o, k->bad_step[o], k->bad_action[o]);
    }
    if (k->fault_state < total->fault_state) { total->fault_state = k->fault_state; total->fault_action = k->fault_action; }
}

/* --- what Python sees ---------------------------------------------------------------------------------------------- */

static PyObject *out_of_memory(void) { return PyErr_NoMemory(); }

static void *copied(PyObject *from, Py_ssize_t *bytes) {
    Py_buffer view;
    if (PyObject_GetBuffer(from, &view, PyBUF_C_CONTIGUOUS) < 0) return NULL;
    void *to = malloc((size_t)view.len + 8);
    if (to == NULL) PyErr_NoMemory();
    else memcpy(to, view.buf, (size_t)view.len);
    *bytes = view.len;
    PyBuffer_Release(&view);
    return to;
}

static void search_dealloc(PyObject *self) {
    Search *s = (Search *)self;
    Model *m = &s->m;
    free(m->group); free(m->action); free(m->effect); free(m->eventful); free(m->lawless); free(m->asleep); free(m->masks); free(m->update); free(m->law); free(m->state_law); free(m->runs); free(m->row_of);
    free(m->rows); free(m->tables); free(m->code); free(m->starts);
    free(m->exchange); free(m->swap); free(m->replace); free(m->codes);
    free(s->states); free(s->parents); free(s->sleep);
    release(s->table, table_bytes(s->lines));
    clear_worker(&s->total);
    PyTypeObject *type = Py_TYPE(self);
    freefunc f = (freefunc)PyType_GetSlot(type, Py_tp_free);
    f(self);
    Py_DECREF(type);
}

/* Arrays of 64-bit numbers, flat: see tables.py for the columns of each. ``number``: of the index, among all that there are. */
static int read_bits(Model *m, Bits *b, const int64_t *row, size_t number) {
    int words = m->words;
    b->mask = (u32)(number * (size_t)words);
    for (int i = 0; i < words; i++) m->masks[b->mask + (u32)i] = (u64)row[i];
    b->run = (u32)row[words];
    b->runs = (u32)row[words + 1];
    return words + 2;
}

#define ARRAYS 16

static PyObject *search_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    (void)kwargs;
    int words, actions, columns, obligations, pext;
    PyObject *o[ARRAYS];
    if (!PyArg_ParseTuple(args, "iiiipOOOOOOOOOOOOOOOO", &words, &actions, &columns, &obligations, &pext, &o[0], &o[1], &o[2], &o[3],
                          &o[4], &o[5], &o[6], &o[7], &o[8], &o[9], &o[10], &o[11], &o[12], &o[13], &o[14], &o[15]))
        return NULL;
    if (words < 1 || words > MAX_WORDS) {
        PyErr_SetString(PyExc_ValueError, "a state has between 1 and 8 words");
        return NULL;
    }
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Search *s = (Search *)alloc(type, 0);
    if (s == NULL) return NULL;
    Model *m = &s->m;
    m->words = words; m->actions = actions; m->columns = columns; m->obligations = obligations;
    m->column_words = (columns + 63) / 64;
    m->guard_words = (actions + 63) / 64;
    s->pext = 0;
#if HAVE_PEXT
    s->pext = pext && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx2");
#endif
    Py_ssize_t bytes[ARRAYS] = {0};
    int64_t *raw[ARRAYS];
    for (int i = 0; i < ARRAYS; i++) raw[i] = NULL;
    for (int i = 0; i < ARRAYS; i++)
        if ((raw[i] = copied(o[i], &bytes[i])) == NULL) goto failed;
    m->row_of = (u32 *)raw[4]; m->rows = (u64 *)raw[5]; m->tables = (u64 *)raw[6];
    m->code = (int32_t *)raw[7]; m->starts = (int32_t *)raw[8];
    m->asleep = (u64 *)raw[11];
    m->codes = (u64 *)raw[15];
    raw[4] = raw[5] = raw[6] = raw[7] = raw[8] = raw[11] = raw[15] = NULL;
    m->expression_words = (int)((bytes[8] / 4 - 1 + 63) / 64);
    size_t width = (size_t)words + 6;
    m->groups = (u32)((size_t)bytes[0] / 8 / width);
    m->group = calloc((size_t)m->groups + 1, sizeof(Group));
    size_t n_actions = (size_t)actions;
    m->action = calloc(n_actions + 1, sizeof(ActionRow));
    m->effect = calloc(2 * n_actions * (size_t)words + 1, sizeof(u64));
    m->eventful = calloc((size_t)m->guard_words + 1, sizeof(u64));
    m->lawless = calloc((size_t)m->guard_words + 1, sizeof(u64));
    size_t update_width = (size_t)words + 7, updates = (size_t)bytes[2] / 8 / update_width;
    m->update = calloc(updates + 1, sizeof(Update));
    m->masks = calloc((m->groups + updates) * (size_t)words + 1, sizeof(u64));
    m->laws = (u32)(bytes[3] / 24);
    m->law = calloc((size_t)m->laws + 1, sizeof(Law));
    m->states = (u32)(bytes[9] / 24);
    m->state_law = calloc((size_t)m->states + 1, sizeof(Law));
    size_t runs = (size_t)bytes[10] / 32;
    m->runs = calloc(runs + 1, sizeof(Run));
    m->exchanges = (u32)(bytes[12] / 32);
    m->exchange = calloc((size_t)m->exchanges + 1, sizeof(Exchange));
    size_t swaps = (size_t)bytes[13] / 40, replaces = (size_t)bytes[14] / 32;
    m->swap = calloc(swaps + 1, sizeof(Swap));
    m->replace = calloc(replaces + 1, sizeof(Replace));
    if (!m->exchange || !m->swap || !m->replace || !m->group || !m->action || !m->effect || !m->eventful || !m->lawless || !m->masks || !m->update || !m->law || !m->state_law || !m->runs) { PyErr_NoMemory(); goto failed; }
    for (u32 g = 0; g < m->groups; g++) {
        const int64_t *row = raw[0] + g * width;
        int at = read_bits(m, &m->group[g].bits, row, g);
        m->group[g].row_of = (u32)row[at]; m->group[g].row = (u64)row[at + 1];
        m->group[g].first = (u32)row[at + 2]; m->group[g].count = (u32)row[at + 3];
    }
    size_t action_width = 2 * (size_t)words + 7;
    for (size_t a = 0; a < n_actions; a++) {
        const int64_t *row = raw[1] + a * action_width;
        ActionRow *to = &m->action[a];
        for (int i = 0; i < 2 * words; i++) m->effect[2 * a * (size_t)words + (size_t)i] = (u64)row[i];
        row += 2 * words;
        to->update = (u32)row[0]; to->updates = (u32)row[1]; to->law = (u32)row[2]; to->laws = (u32)row[3];
        to->rest = (int)row[4]; to->moves = (int)row[5]; to->sleep = (u32)row[6];
        if (to->moves || to->laws || to->rest >= 0) m->eventful[a >> 6] |= (u64)1 << (a & 63);
        if (!to->laws && to->rest < 0) m->lawless[a >> 6] |= (u64)1 << (a & 63);
    }
    for (size_t u = 0; u < updates; u++) {
        const int64_t *row = raw[2] + u * update_width;
        Update *to = &m->update[u];
        to->expression = (int)row[0]; to->yes = (int)row[1]; to->no = (int)row[2];
        int at = 3 + read_bits(m, &to->bits, row + 3, m->groups + u);
        to->table = (u64)row[at]; to->word = (u32)row[at + 1];
    }
    for (u32 l = 0; l < m->laws; l++)
        m->law[l] = (Law){(u32)raw[3][3 * l], (int)raw[3][3 * l + 1], (u32)raw[3][3 * l + 2]};
    for (u32 l = 0; l < m->states; l++)
        m->state_law[l] = (Law){(u32)raw[9][3 * l], (int)raw[9][3 * l + 1], (u32)raw[9][3 * l + 2]};
    for (size_t r = 0; r < runs; r++)
        m->runs[r] = (Run){(u32)raw[10][4 * r], (u32)raw[10][4 * r + 1], (u32)raw[10][4 * r + 2], (u64)raw[10][4 * r + 3]};
    for (u32 e = 0; e < m->exchanges; e++) {
        const int64_t *row = raw[12] + 4 * e;
        m->exchange[e] = (Exchange){(u32)row[0], (u32)row[1], (u32)row[2], (u32)row[3]};
    }
    for (size_t i = 0; i < swaps; i++) {
        const int64_t *row = raw[13] + 5 * i;
        m->swap[i] = (Swap){(u32)row[0], (u32)row[1], (u32)row[2], (u32)row[3], (u64)row[4]};
    }
    for (size_t i = 0; i < replaces; i++) {
        const int64_t *row = raw[14] + 4 * i;
        m->replace[i] = (Replace){(u32)row[0], (u32)row[1], (u64)row[2], (u32)row[3]};
    }
    s->by = variant(m, s->pext);
    s->lines = 1 << 9;
    s->table = large(table_bytes(s->lines));
    if (s->table == NULL || !make_worker(&s->total, m, 0) || !reserve(s, 1024)) {
        PyErr_NoMemory();
        goto failed;
    }
    for (int i = 0; i < ARRAYS; i++) free(raw[i]);
    return (PyObject *)s;
failed:
    for (int i = 0; i < ARRAYS; i++) free(raw[i]);
    Py_DECREF((PyObject *)s);
    return NULL;
}

static int free_to_use(Search *s) {
    if (s->busy) PyErr_SetString(PyExc_RuntimeError, "the search is at work in another thread");
    return !s->busy;
}

/* add(states): enter initial states, words of each together; of equal ones the first. */
static PyObject *search_add(PyObject *self, PyObject *args) {
    Search *s = (Search *)self;
    PyObject *from;
    if (!free_to_use(s) || !PyArg_ParseTuple(args, "O", &from)) return NULL;
    Py_ssize_t bytes;
    u64 *rows = copied(from, &bytes);
    if (rows == NULL) return NULL;
    size_t words = (size_t)s->m.words, n = (size_t)bytes / 8 / words;
    Worker k;
    int good = make_worker(&k, &s->m, 1) && reserve(s, n);
    for (size_t i = 0; good && i < n; i++) good = keep_survivor(&k, rows + i * words, (int)words, 0xFFFFFFFFu);
    if (good) s->by->add(s, &k);
    clear_worker(&k);
    free(rows);
    if (!good) return out_of_memory();
    Py_RETURN_NONE;
}

/* restore(states, parents, counts, fired, bad states, bad steps, their actions): what an earlier search had found. */
static PyObject *search_restore(PyObject *self, PyObject *args) {
    Search *s = (Search *)self;
    PyObject *o[7];
    if (!free_to_use(s) || !PyArg_ParseTuple(args, "OOOOOOO", &o[0], &o[1], &o[2], &o[3], &o[4], &o[5], &o[6])) return NULL;
    const Model *m = &s->m;
    void *raw[7] = {0};
    Py_ssize_t bytes[7] = {0};
    int good = 1;
    for (int i = 0; good && i < 7; i++) good = (raw[i] = copied(o[i], &bytes[i])) != NULL;
    size_t words = (size_t)m->words, n = (size_t)bytes[1] / 4, obligations = (size_t)m->obligations;
    if (good && (s->count || (size_t)bytes[0] != n * words * 8 || bytes[2] != 16 || bytes[3] != m->guard_words * 8 ||
                 (size_t)bytes[4] != obligations * 8 || (size_t)bytes[5] != obligations * 8 || (size_t)bytes[6] != obligations * 4)) {
        PyErr_SetString(PyExc_ValueError, "this is not what a search of this system has found");
        good = 0;
    } else if (good && !reserve(s, n)) {
        PyErr_NoMemory();
        good = 0;
    }
    if (good) {
        memcpy(s->states, raw[0], n * words * 8);
        memcpy(s->parents, raw[1], n * 4);
        memset(s->sleep, 0, n); /* How these states were found is not known any more. */
        enter_all(s, n);
        s->count = n;
        Worker *t = &s->total;
        t->transitions = ((u64 *)raw[2])[0];
        t->deadlocks = ((u64 *)raw[2])[1];
        memcpy(t->fired, raw[3], (size_t)bytes[3]);
        memcpy(t->bad_state, raw[4], (size_t)bytes[4]);
        memcpy(t->bad_step, raw[5], (size_t)bytes[5]);
        memcpy(t->bad_action, raw[6], (size_t)bytes[6]);
    }
    for (int i = 0; i < 7; i++) free(raw[i]);
    if (!good) return NULL;
    Py_RETURN_NONE;
}

/* expand(begin, end, threads, seconds, judge_only) -> the number of the first state that was not expanded. */
static PyObject *search_expand(PyObject *self, PyObject *args) {
    Search *s = (Search *)self;
    unsigned long long begin, end;
    int threads, judge_only;
    double seconds;
    if (!free_to_use(s) || !PyArg_ParseTuple(args, "KKidp", &begin, &end, &threads, &seconds, &judge_only)) return NULL;
    if (begin > end || end > s->count) {
        PyErr_SetString(PyExc_ValueError, "no such states");
        return NULL;
    }
    if (threads < 1 || !HAVE_THREADS) threads = 1;
    u64 chunks = (end - begin + CHUNK - 1) / CHUNK;
    if ((u64)threads > chunks) threads = chunks ? (int)chunks : 1;
    Worker *workers = calloc((size_t)threads, sizeof(Worker));
    Task *tasks = calloc((size_t)threads, sizeof(Task));
    if (workers == NULL || tasks == NULL) { free(workers); free(tasks); return out_of_memory(); }
    int made = 0;
    while (made < threads && make_worker(&workers[made], &s->m, 1)) made++;
    if (made == 0) { free(workers); free(tasks); return out_of_memory(); }
    threads = made;
    Job job;
    memset(&job, 0, sizeof job);
    job.s = s; job.begin = job.next = job.turn = job.reached = begin; job.end = end;
    job.until = now() + seconds; job.judge_only = judge_only;
    s->busy = 1;
    Py_BEGIN_ALLOW_THREADS
#if HAVE_THREADS
    pthread_mutex_init(&job.mutex, NULL);
    pthread_cond_init(&job.changed, NULL);
    pthread_rwlock_init(&job.shape, NULL);
    pthread_t *others = calloc((size_t)threads, sizeof(pthread_t));
    int started = 0;
    for (int i = 0; i < threads; i++) tasks[i] = (Task){&job, &workers[i]};
    while (others != NULL && started + 1 < threads && pthread_create(&others[started], NULL, work, &tasks[started + 1]) == 0) started++;
    work(&tasks[0]);
    for (int i = 0; i < started; i++) pthread_join(others[i], NULL);
    free(others);
    pthread_mutex_destroy(&job.mutex);
    pthread_cond_destroy(&job.changed);
    pthread_rwlock_destroy(&job.shape);
#else
    tasks[0] = (Task){&job, &workers[0]};
    work(&tasks[0]);
#endif
    Py_END_ALLOW_THREADS
    s->busy = 0;
    int failed = 0;
    for (int i = 0; i < threads; i++) {
        sum_up(&s->total, &workers[i], &s->m);
        failed |= workers[i].failed;
        clear_worker(&workers[i]);
    }
    free(workers); free(tasks);
    if (failed && s->total.fault_state == NONE) return out_of_memory();
    return PyLong_FromUnsignedLongLong(job.reached);
}

static PyObject *search_copy(PyObject *self, PyObject *args) {
    Search *s = (Search *)self;
    PyObject *states, *parents;
    if (!free_to_use(s) || !PyArg_ParseTuple(args, "OO", &states, &parents)) return NULL;
    Py_buffer view;
    for (int i = 0; i < 2; i++) {
        PyObject *to = i ? parents : states;
        if (to == Py_None) continue;
        if (PyObject_GetBuffer(to, &view, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE) < 0) return NULL;
        size_t need = s->count * (i ? sizeof(u32) : (size_t)s->m.words * sizeof(u64));
        int fits = (size_t)view.len == need;
        if (fits) memcpy(view.buf, i ? (void *)s->parents : (void *)s->states, need);
        PyBuffer_Release(&view);
        if (!fits) { PyErr_SetString(PyExc_ValueError, "the array is not as long as the states"); return NULL; }
    }
    Py_RETURN_NONE;
}

/* state(number) -> (words, the parent's number or -1) */
static PyObject *search_state(PyObject *self, PyObject *args) {
    Search *s = (Search *)self;
    unsigned long long number;
    if (!free_to_use(s) || !PyArg_ParseTuple(args, "K", &number)) return NULL;
    if (number >= s->count) { PyErr_SetString(PyExc_IndexError, "no such state"); return NULL; }
    PyObject *words = PyTuple_New(s->m.words);
    if (words == NULL) return NULL;
    for (int i = 0; i < s->m.words; i++) {
        PyObject *w = PyLong_FromUnsignedLongLong(s->states[number * (u64)s->m.words + (u64)i]);
        if (w == NULL || PyTuple_SetItem(words, i, w) < 0) { Py_DECREF(words); return NULL; }
    }
    long long parent = s->parents[number] == 0xFFFFFFFFu ? -1 : (long long)s->parents[number];
    return Py_BuildValue("NL", words, parent);
}

/* found() -> (states, transitions, deadlocks, fired, bad states, bad steps, their actions, fault or None, bytes) */
static PyObject *search_found(PyObject *self, PyObject *args) {
    Search *s = (Search *)self;
    (void)args;
    if (!free_to_use(s)) return NULL;
    const Worker *t = &s->total;
    Py_ssize_t n = s->m.obligations;
    PyObject *fault = t->fault_state == NONE ? (Py_INCREF(Py_None), Py_None)
                                             : Py_BuildValue("KI", (unsigned long long)t->fault_state, t->fault_action);
    if (fault == NULL) return NULL;
    unsigned long long bytes = s->room * ((u64)s->m.words * 8 + 5) + table_bytes(s->lines);
    return Py_BuildValue("KKKy#y#y#y#NK", (unsigned long long)s->count, (unsigned long long)t->transitions,
                         (unsigned long long)t->deadlocks, (const char *)t->fired, (Py_ssize_t)(s->m.guard_words * 8),
                         (const char *)t->bad_state, n * 8, (const char *)t->bad_step, n * 8, (const char *)t->bad_action, n * 4,
                         fault, bytes);
}

static PyObject *search_pext(PyObject *self, void *closure) {
    (void)closure;
    return PyBool_FromLong(((Search *)self)->pext);
}

static PyMethodDef methods[] = {
    {"add", search_add, METH_VARARGS, "add(states): enter initial states."},
    {"restore", search_restore, METH_VARARGS, "restore(...): go on with what an earlier search had found."},
    {"expand", search_expand, METH_VARARGS, "expand(begin, end, threads, seconds, judge_only) -> where it came to."},
    {"copy", search_copy, METH_VARARGS, "copy(states, parents): copy what was found into arrays (or None)."},
    {"state", search_state, METH_VARARGS, "state(number) -> (words, parent)."},
    {"found", search_found, METH_NOARGS, "found() -> counts, and the first violations."},
    {NULL, NULL, 0, NULL},
};

static PyObject *search_count(PyObject *self, void *closure) {
    (void)closure;
    return PyLong_FromUnsignedLongLong(((Search *)self)->count);
}

static PyGetSetDef getters[] = {
    {"count", search_count, NULL, "The number of states.", NULL},
    {"pext", search_pext, NULL, "Whether the processor's BMI2 and AVX2 are used.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, search_new}, {Py_tp_dealloc, search_dealloc}, {Py_tp_methods, methods}, {Py_tp_getset, getters},
    {Py_tp_doc, "Breadth-first exploration over packed states."}, {0, NULL},
};

static PyType_Spec spec = {"tdisprove.explore.explicit._kernel.Search", sizeof(Search), 0, Py_TPFLAGS_DEFAULT, slots};

static int start(PyObject *module) {
    PyObject *type = PyType_FromSpec(&spec);
    if (type == NULL) return -1;
    int result = PyModule_AddObjectRef(module, "Search", type);
    Py_DECREF(type);
    return result;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, start}, {0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_kernel", "The hot loop of exhaustive search.", 0, NULL, module_slots,
                                        NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModuleDef_Init(&definition); }
