/*
 * The rule of the border: every border mode extends the image to all whole positions, and interpolation
 * works on that; there is no other rule. All of a new mode stands here and, in NumPy, in source_index() of
 * sampling_reference.py.
 */
#ifndef LASAGNE_EXT_BORDER_H
#define LASAGNE_EXT_BORDER_H

#include "common.h"

/* In the order of BORDER_MODES in sampling_reference.py. */
enum border { BORDER_ZEROS, BORDER_NEAREST, BORDER_MIRROR, BORDER_REFLECT, BORDER_WRAP };

/* Pixels after which the extended image repeats itself; 0 where it goes on as it is at the edge. */
static inline ptrdiff_t border_period(ptrdiff_t size, ptrdiff_t border)
{
    switch (border) {
    case BORDER_MIRROR:
        return larger(1, 2 * (size - 1));
    case BORDER_REFLECT:
        return 2 * size;
    case BORDER_WRAP:
        return size;
    default:
        return 0;
    }
}

/*
 * Positions beyond the image from which on the pixels are all the same, where they do not repeat themselves:
 * coordinates are clamped there.
 */
static inline int border_margin(ptrdiff_t border) { return border == BORDER_ZEROS; }

/* The pixel that the extended image has at `position`; -1 where it has none, but 0. */
static inline ptrdiff_t source_index(ptrdiff_t position, ptrdiff_t size, ptrdiff_t border)
{
    if (position >= 0 && position < size)
        return position;
    if (border == BORDER_ZEROS)
        return -1;
    if (border == BORDER_NEAREST)
        return position < 0 ? 0 : size - 1;
    const ptrdiff_t period = border_period(size, border);
    position %= period;
    position += position < 0 ? period : 0;
    if (position < size)
        return position;
    return border == BORDER_MIRROR ? period - position : period - 1 - position;
}

#endif
