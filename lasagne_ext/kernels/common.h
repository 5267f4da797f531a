/* What every kernel shares: names per instruction set, border modes, chunking. */
#ifndef LASAGNE_EXT_COMMON_H
#define LASAGNE_EXT_COMMON_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* setup.py compiles each kernel once per instruction set and defines ISA. */
#define JOIN3_(a, b, c) a##_##b##_##c
#define JOIN3(a, b, c) JOIN3_(a, b, c)
#define EXPORTED(name) JOIN3(name, SUFFIX, ISA)

#if defined(_WIN32)
#define API __declspec(dllexport)
#else
#define API __attribute__((visibility("default")))
#endif

/* Kept in step with BORDER_MODES in __init__.py. */
enum border { BORDER_ZEROS, BORDER_NEAREST, BORDER_MIRROR, BORDER_WRAP };

/* Points are handled in chunks that live on the stack and in the L1 cache. */
enum { CHUNK = 256, ROW_BLOCK = 16, CHANNEL_BLOCK = 16 };

typedef struct {
    ptrdiff_t batch, channels, rows, columns;  /* of the input */
    ptrdiff_t out_rows, out_columns;
    int border, align_corners, threads;
} geometry;

/* One axis of a chunk: both neighbours of every coordinate and the way between them. */
typedef struct {
    int32_t low[CHUNK], high[CHUNK];
    double fraction[CHUNK];                  /* NaN where the point is not finite */
    uint8_t low_inside[CHUNK], high_inside[CHUNK];
    int any_outside;
} axis;

/* Threads to use: as many as allowed, unless there is too little work for them. */
int worthwhile_threads(double work, double work_of_a_thread);

static inline ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

/* Index of whole-sample symmetric reflection; `position` lies in [0, period). */
static inline double fold(double position, double last, double period)
{
    return position <= last ? position : period - position;
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

static inline void resolve_axis(axis *restrict out, const double *restrict coordinate, ptrdiff_t count,
                         ptrdiff_t size, int border)
{
    const double last = (double)(size - 1);
    const double period = border == BORDER_MIRROR ? (size > 1 ? 2 * last : 1) : (double)size;
    int outside = 0;
    for (ptrdiff_t p = 0; p < count; ++p) {
        const int finite = isfinite(coordinate[p]);
        const double x = finite ? coordinate[p] : 0;
        const double below = floor(x);
        double low, high;
        int low_inside = 1, high_inside = 1;
        if (border == BORDER_MIRROR || border == BORDER_WRAP) {
            low = modulo(below, period);
            high = low + 1 >= period ? 0 : low + 1;
            if (border == BORDER_MIRROR) {
                low = fold(low, last, period);
                high = fold(high, last, period);
            }
        } else {
            low_inside = below >= 0 && below <= last;
            high_inside = below >= -1 && below <= last - 1;
            low = below < 0 ? 0 : below > last ? last : below;
            high = below < -1 ? 0 : below > last - 1 ? last : below + 1;
            outside |= !(low_inside && high_inside);
        }
        out->low[p] = (int32_t)low;
        out->high[p] = (int32_t)high;
        out->low_inside[p] = (uint8_t)low_inside;
        out->high_inside[p] = (uint8_t)high_inside;
        /* Equal neighbours (a clamped point) need no blending, and Inf - Inf would be NaN. */
        const int equal = border == BORDER_ZEROS ? 0 : low == high;
        out->fraction[p] = !finite ? NAN : equal ? 0 : x - below;
    }
    out->any_outside = border == BORDER_ZEROS && outside;
}

#endif
