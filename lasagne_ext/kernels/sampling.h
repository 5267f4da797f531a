/* Sizes and modes of a sampling, the border's rule, tiles of the output. */
#ifndef LASAGNE_EXT_SAMPLING_H
#define LASAGNE_EXT_SAMPLING_H

#ifdef _OPENMP
#include <omp.h>
#endif

#include "common.h"

/* In the order of the names in _modes.py. */
enum points { AFFINE, PROJECTIVE, GRID, FLOW };
enum interpolation { NEAREST, LINEAR, CUBIC };
enum border { BORDER_ZEROS, BORDER_NEAREST, BORDER_MIRROR, BORDER_REFLECT, BORDER_WRAP };

/* In sampling.py this is an array of intptr_t. Axes are x (columns), y (rows), z (depth). */
typedef struct {
    ptrdiff_t images, transforms, channels;    /* transforms: of all images together */
    ptrdiff_t size[3], out_size[3];
    ptrdiff_t rank, points, interpolation, border, align_corners, points_are_double;
    ptrdiff_t wants_input, wants_points, threads;
} geometry;

/* A part of the output that is handled at once: its points' data stay in the cache. */
enum { TILE_POINTS = 1024, WIDEST_TILE = 32 };

/* Pixels that are brought together for it, and into how many patches at most. */
enum { PATCH_BYTES = 1 << 18, MOST_SEGMENTS = 64, SMALLEST_SPLIT = 64 };

/* Of a thread, for plain sampling and for anti-aliased. */
enum { WORK_BYTES = 1 << 20, FOOTPRINT_BYTES = 3 << 19 };

typedef struct { ptrdiff_t start[3], count[3]; } tile;

static inline ptrdiff_t volume(const ptrdiff_t *size) { return size[0] * size[1] * size[2]; }

static inline ptrdiff_t quotient_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }

/* Parts of about equal length, `most` at most, of an axis. */
static inline ptrdiff_t part(ptrdiff_t length, ptrdiff_t most)
{
    return length ? quotient_up(length, quotient_up(length, most)) : 1;
}

/* Near-square tiles touch the fewest pixels of a turned image. */
static void tile_size(const geometry *g, ptrdiff_t *size)
{
    const int flat = g->rank == 2;
    size[0] = part(g->out_size[0], flat ? WIDEST_TILE : WIDEST_TILE / 2);
    size[1] = part(g->out_size[1], flat ? TILE_POINTS / size[0] : 8);
    size[2] = part(g->out_size[2], TILE_POINTS / (size[0] * size[1]));
}

static ptrdiff_t count_tiles(const geometry *g)
{
    ptrdiff_t size[3];
    tile_size(g, size);
    return quotient_up(g->out_size[0], size[0]) * quotient_up(g->out_size[1], size[1])
           * quotient_up(g->out_size[2], size[2]);
}

static tile nth_tile(const geometry *g, ptrdiff_t index)
{
    tile t;
    ptrdiff_t size[3];
    tile_size(g, size);
    for (int axis = 0; axis < 3; ++axis) {
        const ptrdiff_t along = quotient_up(g->out_size[axis], size[axis]);
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

static inline ptrdiff_t period_of(ptrdiff_t size, ptrdiff_t border)
{
    if (border == BORDER_MIRROR)
        return larger(1, 2 * (size - 1));
    return border == BORDER_REFLECT ? 2 * size : size;
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
static inline int taps_of(const geometry *g, int axis)
{
    static const int taps[] = {1, 2, 4};
    return axis < g->rank ? taps[g->interpolation] : 1;
}

static inline int taps_before(const geometry *g, int axis)
{
    return axis < g->rank && g->interpolation == CUBIC;
}

/* Whether a single channel's patch is made of quads of neighbours. */
static inline int has_corners(const geometry *g, int boxed)
{
    return g->interpolation == LINEAR && g->rank == 2 && boxed;
}

/* Positions that int32 holds, with room for taps, and whose period divides exactly. */
#define FAR 1073741824.0

/* The pixel that the extended image has at `position`; -1 where it has none. */
static inline ptrdiff_t source_index(ptrdiff_t position, ptrdiff_t size, ptrdiff_t border)
{
    if (position >= 0 && position < size)
        return position;
    if (border == BORDER_ZEROS)
        return -1;
    if (border == BORDER_NEAREST)
        return position < 0 ? 0 : size - 1;
    const ptrdiff_t period = period_of(size, border);
    position %= period;
    position += position < 0 ? period : 0;
    if (position < size)
        return position;
    return border == BORDER_MIRROR ? period - position : period - 1 - position;
}

#endif
