/*
 * Includes interpolation.h for every number of channels that are handled side by side, for one floating point
 * type REAL: 1, 4, and as many as fill a vector. Included by sample_typed.h. While it includes,
 *
 *     LANES         is that number,
 *     LANED(name)   makes a name of its own for each type and number: interpolate_f32_16,
 *     VECTOR        is the type of a pixel: LANES of its channels.
 *
 * BY_LANES(lanes, function, arguments) calls the function of a number known at run time.
 */
#ifndef LANED
#define LANED_JOIN(name, suffix, lanes) name##_##suffix##_##lanes
#define LANED_EXPAND(name, suffix, lanes) LANED_JOIN(name, suffix, lanes)
#define LANED(name) LANED_EXPAND(name, SUFFIX, LANES)
#define VECTOR LANED(vector)

#if defined(__GNUC__)
#define BY_LANES(lanes, function, ...)                                                           \
    do {                                                                                         \
        if ((lanes) == 1)                                                                        \
            LANED_EXPAND(function, SUFFIX, 1)(__VA_ARGS__);                                      \
        else if ((lanes) == 4)                                                                   \
            LANED_EXPAND(function, SUFFIX, 4)(__VA_ARGS__);                                      \
        else                                                                                     \
            LANED_EXPAND(function, SUFFIX, WIDE_LANES)(__VA_ARGS__);                             \
    } while (0)
#else
#define BY_LANES(lanes, function, ...) LANED_EXPAND(function, SUFFIX, 1)(__VA_ARGS__)
#endif
#endif

#define LANES 1
#include "interpolation.h"
#undef LANES
#if defined(__GNUC__)                 /* wider vectors are an extension of GCC and Clang */
#define LANES 4
#include "interpolation.h"
#undef LANES
#define LANES WIDE_LANES
#include "interpolation.h"
#undef LANES
#endif
