/* Sizes and modes of a sampling, tiles of the output, and what they take up. */
#ifndef LASAGNE_EXT_SAMPLING_H
#define LASAGNE_EXT_SAMPLING_H

#ifdef _OPENMP
#include <omp.h>
#endif

#include "border.h"

/* In the order of the names in sampling_reference.py. */
enum points { AFFINE, PROJECTIVE, GRID, FLOW };
enum interpolation { NEAREST, LINEAR, CUBIC };

/* In sampling.py this is an array of intptr_t. Axes are x (columns), y (rows), z (depth). */
typedef struct {
    ptrdiff_t images, transforms, channels;    /* transforms: of all images together */
    ptrdiff_t size[3], out_size[3];
    ptrdiff_t rank, points, interpolation, border, align_corners, points_are_double;
    ptrdiff_t wants_input, wants_points, threads;
} geometry;

/* A part of the output that is handled at once: its points' data stay in the cache. */
enum { TILE_POINTS = 1024, MAX_TILE_COLUMNS = 32 };

/* A vector of the widest instruction set: as many lanes of either type are handled side by side. */
enum { VECTOR_BYTES = 64 };

/* Pixels that are brought together for a tile, and into how many patches at most. */
enum { PATCH_PIXELS = (1 << 18) / VECTOR_BYTES, MAX_SEGMENTS = 64, SMALLEST_SPLIT = 64 };

/* Most samples of a footprint on either side of its point; MAX_STEPS in sampling_reference.py too. */
enum { MAX_STEPS = 31 };

/* Memory of a thread, for plain sampling and for anti-aliased; the latter in sampling.py too. */
enum { WORKSPACE_BYTES = 1 << 20, FOOTPRINT_BYTES = 3 << 19 };

typedef struct { ptrdiff_t start[3], count[3]; } tile;

static inline ptrdiff_t volume(const ptrdiff_t *size) { return size[0] * size[1] * size[2]; }

static inline ptrdiff_t ceil_div(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }

/* Length of the parts of an axis, about equal, and `limit` at most. */
static inline ptrdiff_t even_part(ptrdiff_t length, ptrdiff_t limit)
{
    return length ? ceil_div(length, ceil_div(length, limit)) : 1;
}

/* Near-square tiles touch the fewest pixels of a turned image. */
static void tile_size(const geometry *g, ptrdiff_t *size)
{
    const int flat = g->rank == 2;
    size[0] = even_part(g->out_size[0], flat ? MAX_TILE_COLUMNS : MAX_TILE_COLUMNS / 2);
    size[1] = even_part(g->out_size[1], flat ? TILE_POINTS / size[0] : 8);
    size[2] = even_part(g->out_size[2], TILE_POINTS / (size[0] * size[1]));
}

static ptrdiff_t count_tiles(const geometry *g)
{
    ptrdiff_t size[3];
    tile_size(g, size);
    return ceil_div(g->out_size[0], size[0]) * ceil_div(g->out_size[1], size[1])
           * ceil_div(g->out_size[2], size[2]);
}

static tile get_tile(const geometry *g, ptrdiff_t index)
{
    tile t;
    ptrdiff_t size[3];
    tile_size(g, size);
    for (int axis = 0; axis < 3; ++axis) {
        const ptrdiff_t along = ceil_div(g->out_size[axis], size[axis]);
        t.start[axis] = index % along * size[axis];
        t.count[axis] = smaller(size[axis], g->out_size[axis] - t.start[axis]);
        index /= along;
    }
    return t;
}

/* Pixels between the middle of an axis and its normalised coordinate 1. */
static inline double half_extent(ptrdiff_t size, ptrdiff_t align_corners)
{
    return (double)(size - align_corners) / 2;
}

static inline double centre(ptrdiff_t size) { return (double)(size - 1) / 2; }

/* Threads to use: as many as allowed, unless there is too little work for them. */
static inline int threads_for(const geometry *g)
{
    const double values = (double)g->transforms * (double)g->channels * (double)volume(g->out_size);
    return values < 16384 * (double)g->threads ? 1 + (int)(values / 16384) : (int)g->threads;
}

static inline int thread_number(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

/*
 * `value` modulo `period`, both whole numbers. The quotient's rounding error is smaller than
 * 1 / period while |value| < 2**31, so that floor() cannot go wrong; above, fmod() is exact.
 */
static inline double modulo(double value, double period)
{
    if (fabs(value) < 2147483648.0)
        return value - floor(value / period) * period;
    double rest = fmod(value, period);
    return rest < 0 ? rest + period : rest;
}

/* Pixels along an axis that a point is made of, and how many of them lie before floor(x). */
static inline int count_taps(const geometry *g, int axis)
{
    static const int taps[] = {1, 2, 4};
    return axis < g->rank ? taps[g->interpolation] : 1;
}

static inline int taps_before(const geometry *g, int axis)
{
    return axis < g->rank && g->interpolation == CUBIC;
}

/* Whether a single channel is interpolated by corners.h. */
static inline int has_corners(const geometry *g, int boxed)
{
    return g->interpolation == LINEAR && g->rank == 2 && boxed;
}

/* Positions that int32 holds, with room for taps, and whose period divides exactly. */
#define MAX_POSITION 1073741824.0

#endif
