/* The strongly connected components of a graph: Tarjan's algorithm with a stack of its own, one pass over states and steps.

   Python sees one function, strong(first, target, component) -> how many there are: the steps of state s are those from
   first[s] up to first[s + 1] (int64), and lead to target (int32); component (int32) is filled in, one number a state. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>

/* What is remembered of a state: when it was entered first (from 1; 0: not yet), the earliest state that is known to be reached from
   it among those without a component, the next of its steps, and the state from which it was entered. */
typedef struct {
    int32_t entered, low, from, below;  /* below: the state under it on the stack of those without a component */
    int64_t step;
} Visit;

static int32_t search(int32_t states, const int64_t *first, const int32_t *target, int32_t *component, Visit *visit) {
    int32_t count = 0, clock = 0, open = -1;
    for (int32_t root = 0; root < states; root++) {
        if (visit[root].entered) continue;
        int32_t s = root, from = -1;
        for (;;) {
            Visit *v = &visit[s];
            if (!v->entered) {
                v->entered = v->low = ++clock;
                v->step = first[s];
                v->from = from;
                v->below = open;
                open = s;
            }
            int32_t next = -1;
            while (v->step < first[s + 1]) {
                int32_t t = target[v->step++];
                if (!visit[t].entered) { next = t; break; }
                if (component[t] < 0 && visit[t].entered < v->low) v->low = visit[t].entered;
            }
            if (next >= 0) { from = s; s = next; continue; }
            if (v->low == v->entered) {
                int32_t t;
                do { t = open; open = visit[t].below; component[t] = count; } while (t != s);
                count++;
            }
            if (v->from < 0) break;
            if (v->low < visit[v->from].low) visit[v->from].low = v->low;
            s = v->from;
        }
    }
    return count;
}

static int sound(Py_ssize_t states, Py_ssize_t steps, const int64_t *first, const int32_t *target) {
    if (first[0] != 0 || first[states] != steps) return 0;
    for (Py_ssize_t s = 0; s < states; s++)
        if (first[s] > first[s + 1]) return 0;
    for (Py_ssize_t i = 0; i < steps; i++)
        if (target[i] < 0 || target[i] >= states) return 0;
    return 1;
}

static PyObject *strong(PyObject *module, PyObject *args) {
    (void)module;
    PyObject *given[3];
    if (!PyArg_ParseTuple(args, "OOO", &given[0], &given[1], &given[2])) return NULL;
    static const Py_ssize_t width[3] = {8, 4, 4};
    Py_buffer view[3];
    int held = 0;
    PyObject *result = NULL;
    for (; held < 3; held++) {
        if (PyObject_GetBuffer(given[held], &view[held], PyBUF_C_CONTIGUOUS | (held == 2 ? PyBUF_WRITABLE : 0)) < 0) goto done;
        if (view[held].itemsize != width[held]) {
            PyErr_SetString(PyExc_ValueError, "first must be int64, target and component int32");
            held++;
            goto done;
        }
    }
    Py_ssize_t states = view[2].len / 4, steps = view[1].len / 4;
    const int64_t *first = view[0].buf;
    const int32_t *target = view[1].buf;
    int32_t *component = view[2].buf;
    if (states > INT32_MAX || view[0].len / 8 != states + 1 || !sound(states, steps, first, target)) {
        PyErr_SetString(PyExc_ValueError, "no graph: first must have a number more than there are states, in order, and targets must be states");
        goto done;
    }
    Visit *visit = calloc((size_t)states + 1, sizeof *visit);
    if (visit == NULL) { PyErr_NoMemory(); goto done; }
    int32_t count;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t s = 0; s < states; s++) component[s] = -1;
    count = search((int32_t)states, first, target, component, visit);
    Py_END_ALLOW_THREADS
    free(visit);
    result = PyLong_FromLong(count);
done:
    while (held > 0) PyBuffer_Release(&view[--held]);
    return result;
}

static PyMethodDef methods[] = {
    {"strong", strong, METH_VARARGS, "strong(first, target, component) -> how many strongly connected components there are."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_components", "Strongly connected components.", 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__components(void) { return PyModuleDef_Init(&definition); }
