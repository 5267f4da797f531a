/*
 * Interpolation of LANES channels side by side, for one floating point type REAL.
 *
 * Included by sample.c once for every pair of both. A VECTOR holds a pixel: LANES of its channels.
 */
#define LANED_(name, suffix, lanes) name##_##suffix##_##lanes
#define LANED_2(name, suffix, lanes) LANED_(name, suffix, lanes)
#define LANED(name) LANED_2(name, SUFFIX, LANES)

#if LANES == 1
typedef REAL LANED(vector);
#else
typedef REAL LANED(vector) __attribute__((vector_size(LANES * sizeof(REAL)), may_alias));
#endif
#define VECTOR LANED(vector)

#include "patch.h"

/* Exact at weight 0, whatever the other end holds: an identity transform copies -0.0, NaN and Inf. */
INLINE VECTOR LANED(blend)(VECTOR from, VECTOR to, REAL t)
{
    if (t == 0)
        return from;
    return from + t * (to - from);
}

INLINE VECTOR LANED(on_plane)(const VECTOR *at, ptrdiff_t row, REAL x, REAL y)
{
    return LANED(blend)(LANED(blend)(at[0], at[1], x), LANED(blend)(at[row], at[row + 1], x), y);
}

/* The points of a segment to `out`, a vector each. */
INLINE void LANED(linear)(const TYPED(work) *w, const TYPED(segment) *s, const int rank, VECTOR *restrict out)
{
    const VECTOR *restrict patch = (const VECTOR *)w->patch;
    const ptrdiff_t row = s->size[0], slice = s->size[0] * s->size[1], last = s->first + s->count;
#if LANES == 1
#pragma omp simd
#endif
    for (ptrdiff_t p = s->first; p < last; ++p) {
        const VECTOR *at = patch + w->offset[p];
        const REAL x = w->way[0][p], y = w->way[1][p];
        const VECTOR front = LANED(on_plane)(at, row, x, y);
        if (rank == 2)
            out[p] = front;
        else
            out[p] = LANED(blend)(front, LANED(on_plane)(at + slice, row, x, y), w->way[2][p]);
    }
}

/* First tap that counts, and the one after the last: where the way is none, only one does. */
#define FIRST_TAP(way) ((way) == 0 ? 1 : 0)
#define AFTER_TAPS(way) ((way) == 0 ? 2 : 4)

INLINE void LANED(cubic)(const TYPED(work) *w, const TYPED(segment) *s, const int rank, VECTOR *restrict out)
{
    const VECTOR *patch = (const VECTOR *)w->patch;
    const ptrdiff_t row = s->size[0], slice = s->size[0] * s->size[1];
    for (ptrdiff_t p = s->first; p < s->first + s->count; ++p) {
        const VECTOR *at = patch + w->offset[p];
        const REAL *weight_x = w->weight[0] + 4 * p, *weight_y = w->weight[1] + 4 * p;
        const REAL *weight_z = w->weight[2] + 4 * p;
        const REAL x = w->way[0][p], y = w->way[1][p], z = rank == 3 ? w->way[2][p] : 0;
        VECTOR value = {0};
        for (int k = rank == 3 ? FIRST_TAP(z) : 0; k < (rank == 3 ? AFTER_TAPS(z) : 1); ++k) {
            VECTOR plane = {0};
            for (int i = FIRST_TAP(y); i < AFTER_TAPS(y); ++i) {
                const VECTOR *line = at + k * slice + i * row;
                VECTOR sum;
                if (x == 0)
                    sum = line[1];
                else
                    sum = weight_x[0] * line[0] + weight_x[1] * line[1] + weight_x[2] * line[2]
                          + weight_x[3] * line[3];
                if (y != 0)
                    sum = plane + weight_y[i] * sum;
                plane = sum;
            }
            if (rank == 3 && z != 0)
                plane = value + weight_z[k] * plane;
            value = plane;
        }
        out[p] = value;
    }
}

static void LANED(interpolate)(const TYPED(work) *w, const TYPED(segment) *s, const geometry *g, REAL *out)
{
#if LANES == 1 && defined(__GNUC__)
    TYPED(segment) rest;
    if (has_corners(g, s->boxed)) {
        rest = TYPED(values_of_corners)(w, s, out);
        s = &rest;
    }
#endif
    if (g->interpolation == NEAREST)
        for (ptrdiff_t p = s->first; p < s->first + s->count; ++p)
            ((VECTOR *)out)[p] = ((const VECTOR *)w->patch)[w->offset[p]];
    else if (g->interpolation == LINEAR && g->rank == 2)
        LANED(linear)(w, s, 2, (VECTOR *)out);
    else if (g->interpolation == LINEAR)
        LANED(linear)(w, s, 3, (VECTOR *)out);
    else if (g->rank == 2)
        LANED(cubic)(w, s, 2, (VECTOR *)out);
    else
        LANED(cubic)(w, s, 3, (VECTOR *)out);
}

/* Adds to a point's gradient along an axis, or begins it; of many lanes, four apart to four sums. */
INLINE void LANED(add_lanes)(TYPED(work) *restrict w, int axis, ptrdiff_t p, VECTOR v)
{
#if LANES == 1
    w->grad[axis][p] = w->has_grads ? w->grad[axis][p] + (double)v : (double)v;
#else
    REAL *sum = w->sum[axis] + 4 * p;
    union { VECTOR v; TYPED(quad) quad[LANES / 4]; } parts = {v};
    TYPED(quad) total = parts.quad[0];
    for (int k = 1; k < LANES / 4; ++k)
        total += parts.quad[k];
    if (w->has_sums)
        total += TYPED(load_quad)(sum);
    TYPED(store_quad)(sum, total);
#endif
}

/* The gradient of a segment's points to the pixels of its patch. */
INLINE void LANED(linear_to_image)(TYPED(work) *w, const TYPED(segment) *s, const int rank,
                                   const VECTOR *restrict grad)
{
    const ptrdiff_t row = s->size[0], slice = s->size[0] * s->size[1];
    for (ptrdiff_t p = s->first; p < s->first + s->count; ++p) {
        const REAL x = w->way[0][p], y = w->way[1][p], z = rank == 3 ? w->way[2][p] : 0;
        for (int k = 0; k < rank - 1; ++k) {
            VECTOR *to = (VECTOR *)w->patch_grad + w->offset[p] + k * slice;
            const REAL share = rank == 2 ? 1 : k ? z : 1 - z;
            const VECTOR upper = grad[p] * (share * (1 - y)), lower = grad[p] * (share * y);
            to[0] += upper * (1 - x);
            to[1] += upper * x;
            to[row] += lower * (1 - x);
            to[row + 1] += lower * x;
        }
    }
}

/* The gradient of a segment's points to their coordinates. */
INLINE void LANED(linear_to_points)(TYPED(work) *restrict w, const TYPED(segment) *s, const int rank,
                                    const VECTOR *restrict grad)
{
    const VECTOR *restrict patch = (const VECTOR *)w->patch;
    const ptrdiff_t row = s->size[0], slice = s->size[0] * s->size[1], last = s->first + s->count;
#if LANES == 1
#pragma omp simd
#endif
    for (ptrdiff_t p = s->first; p < last; ++p) {
        const REAL x = w->way[0][p], y = w->way[1][p];
        const VECTOR *at = patch + w->offset[p];
        VECTOR along_x = LANED(blend)(at[1] - at[0], at[row + 1] - at[row], y);
        VECTOR along_y = LANED(blend)(at[row] - at[0], at[row + 1] - at[1], x);
        if (rank == 3) {
            const VECTOR *behind = at + slice;
            const REAL z = w->way[2][p];
            const VECTOR along_z = LANED(on_plane)(behind, row, x, y) - LANED(on_plane)(at, row, x, y);
            along_x = LANED(blend)(along_x, LANED(blend)(behind[1] - behind[0], behind[row + 1] - behind[row], y),
                                   z);
            along_y = LANED(blend)(along_y, LANED(blend)(behind[row] - behind[0], behind[row + 1] - behind[1], x),
                                   z);
            LANED(add_lanes)(w, 2, p, grad[p] * along_z);
        }
        LANED(add_lanes)(w, 0, p, grad[p] * along_x);
        LANED(add_lanes)(w, 1, p, grad[p] * along_y);
    }
}

INLINE void LANED(cubic_grad)(TYPED(work) *w, const TYPED(segment) *s, const int rank, const int to_image,
                              const int to_points, const VECTOR *restrict grad)
{
    const VECTOR *patch = (const VECTOR *)w->patch;
    VECTOR *patch_grad = (VECTOR *)w->patch_grad;
    const ptrdiff_t row = s->size[0], slice = s->size[0] * s->size[1];
    static const REAL whole[4] = {1, 0, 0, 0}, none[4] = {0};
    for (ptrdiff_t p = s->first; p < s->first + s->count; ++p) {
        const REAL *weight[3] = {w->weight[0] + 4 * p, w->weight[1] + 4 * p,
                                 rank == 3 ? w->weight[2] + 4 * p : whole};
        const REAL *slope[3] = {w->slope[0] + 4 * p, w->slope[1] + 4 * p,
                                rank == 3 ? w->slope[2] + 4 * p : none};
        const VECTOR seed = grad[p];
        VECTOR along_x = {0}, along_y = {0}, along_z = {0};
        for (int k = 0; k < (rank == 3 ? 4 : 1); ++k) {
            VECTOR plane = {0}, plane_x = {0}, plane_y = {0};
            for (int i = 0; i < 4; ++i) {
                const ptrdiff_t first = w->offset[p] + k * slice + i * row;
                if (to_image) {
                    const VECTOR share = seed * (weight[2][k] * weight[1][i]);
                    for (int j = 0; j < 4; ++j)
                        patch_grad[first + j] += share * weight[0][j];
                }
                if (to_points) {
                    const VECTOR *from = patch + first;
                    const VECTOR sum = weight[0][0] * from[0] + weight[0][1] * from[1]
                                       + weight[0][2] * from[2] + weight[0][3] * from[3];
                    plane_x += weight[1][i] * (slope[0][0] * from[0] + slope[0][1] * from[1]
                                               + slope[0][2] * from[2] + slope[0][3] * from[3]);
                    plane_y += slope[1][i] * sum;
                    plane += weight[1][i] * sum;
                }
            }
            along_x += weight[2][k] * plane_x;
            along_y += weight[2][k] * plane_y;
            along_z += slope[2][k] * plane;
        }
        if (to_points) {
            LANED(add_lanes)(w, 0, p, seed * along_x);
            LANED(add_lanes)(w, 1, p, seed * along_y);
            if (rank == 3)
                LANED(add_lanes)(w, 2, p, seed * along_z);
        }
    }
}

/* From the output's gradient to the patch's. */
static void LANED(to_image)(TYPED(work) *w, const TYPED(segment) *s, const geometry *g, const REAL *grad)
{
    const VECTOR *seed = (const VECTOR *)grad;
#if LANES == 1 && defined(__GNUC__)
    if (has_corners(g, s->boxed)) {
        TYPED(corners_to_image)(w, s, grad);
        return;
    }
#endif
    memset(w->patch_grad, 0, (size_t)((s->boxed ? 1 : s->count) * volume(s->size)) * sizeof(VECTOR));
    if (g->interpolation == NEAREST)
        for (ptrdiff_t p = s->first; p < s->first + s->count; ++p)
            ((VECTOR *)w->patch_grad)[w->offset[p]] += seed[p];
    else if (g->interpolation == LINEAR && g->rank == 2)
        LANED(linear_to_image)(w, s, 2, seed);
    else if (g->interpolation == LINEAR)
        LANED(linear_to_image)(w, s, 3, seed);
    else if (g->rank == 2)
        LANED(cubic_grad)(w, s, 2, 1, 0, seed);
    else
        LANED(cubic_grad)(w, s, 3, 1, 0, seed);
}

/* From the output's gradient to the points'. */
static void LANED(to_points)(TYPED(work) *w, const TYPED(segment) *s, const geometry *g, const REAL *grad)
{
    const VECTOR *seed = (const VECTOR *)grad;
#if LANES == 1 && defined(__GNUC__)
    TYPED(segment) rest;
    if (has_corners(g, s->boxed)) {
        rest = TYPED(corners_to_points)(w, s, grad);
        s = &rest;
    }
#endif
    if (g->interpolation == LINEAR && g->rank == 2)
        LANED(linear_to_points)(w, s, 2, seed);
    else if (g->interpolation == LINEAR)
        LANED(linear_to_points)(w, s, 3, seed);
    else if (g->interpolation == CUBIC && g->rank == 2)
        LANED(cubic_grad)(w, s, 2, 0, 1, seed);
    else if (g->interpolation == CUBIC)
        LANED(cubic_grad)(w, s, 3, 0, 1, seed);
}

#undef FIRST_TAP
#undef AFTER_TAPS
#undef VECTOR
#undef LANES
