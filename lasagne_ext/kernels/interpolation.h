/*
 * Interpolation of LANES channels side by side, and its gradients, for one floating point type REAL. Included
 * by lanes.h once for every pair of both. A VECTOR holds a pixel: LANES of its channels.
 */
#if LANES == 1
typedef REAL LANED(vector);
#else
typedef REAL LANED(vector) __attribute__((vector_size(LANES * sizeof(REAL)), may_alias));
#endif

#include "patch.h"

/* Exact at t = 0, whatever the other end holds: an identity transform copies -0.0, NaN and Inf. */
INLINE VECTOR LANED(blend)(VECTOR from, VECTOR to, REAL t)
{
    if (t == 0)
        return from;
    return from + t * (to - from);
}

INLINE VECTOR LANED(on_plane)(const VECTOR *pixel, ptrdiff_t row, REAL x, REAL y)
{
    return LANED(blend)(LANED(blend)(pixel[0], pixel[1], x), LANED(blend)(pixel[row], pixel[row + 1], x), y);
}

/* The points of a segment to `out`, a vector each. */
INLINE void LANED(linear)(const TYPED(workspace) *w, const TYPED(segment) *s, const int rank,
                          VECTOR *restrict out)
{
    const VECTOR *restrict patch = (const VECTOR *)w->patch;
    const ptrdiff_t row = s->size[0], slice = s->size[0] * s->size[1], last = s->first + s->count;
#if LANES == 1
#pragma omp simd
#endif
    for (ptrdiff_t p = s->first; p < last; ++p) {
        const VECTOR *pixel = patch + w->offset[p];
        const REAL x = w->frac[0][p], y = w->frac[1][p];
        const VECTOR front = LANED(on_plane)(pixel, row, x, y);
        if (rank == 2)
            out[p] = front;
        else
            out[p] = LANED(blend)(front, LANED(on_plane)(pixel + slice, row, x, y), w->frac[2][p]);
    }
}

/* On a pixel, its tap alone counts: the others' weights are 0, but they may be infinite. */
INLINE int LANED(first_tap)(REAL frac) { return frac == 0 ? 1 : 0; }

INLINE int LANED(end_tap)(REAL frac) { return frac == 0 ? 2 : 4; }

INLINE void LANED(cubic)(const TYPED(workspace) *w, const TYPED(segment) *s, const int rank,
                         VECTOR *restrict out)
{
    const VECTOR *patch = (const VECTOR *)w->patch;
    const ptrdiff_t row = s->size[0], slice = s->size[0] * s->size[1];
    for (ptrdiff_t p = s->first; p < s->first + s->count; ++p) {
        const VECTOR *pixel = patch + w->offset[p];
        const REAL *weight_x = w->weight[0] + 4 * p, *weight_y = w->weight[1] + 4 * p;
        const REAL *weight_z = w->weight[2] + 4 * p;
        const REAL x = w->frac[0][p], y = w->frac[1][p], z = rank == 3 ? w->frac[2][p] : 0;
        VECTOR value = {0};
        for (int k = rank == 3 ? LANED(first_tap)(z) : 0; k < (rank == 3 ? LANED(end_tap)(z) : 1); ++k) {
            VECTOR plane = {0};
            for (int i = LANED(first_tap)(y); i < LANED(end_tap)(y); ++i) {
                const VECTOR *line = pixel + k * slice + i * row;
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

static void LANED(interpolate)(const TYPED(workspace) *w, const TYPED(segment) *s, const geometry *g, REAL *out)
{
#if LANES == 1 && defined(__GNUC__)
    TYPED(segment) rest;
    if (has_corners(g, s->boxed)) {
        rest = TYPED(corners_interpolate)(w, s, out);
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

/* Adds to a point's gradient along an axis, or begins it; of many lanes, four steps apart to four sums. */
INLINE void LANED(add_lanes)(TYPED(workspace) *restrict w, int axis, ptrdiff_t p, VECTOR v)
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

/* From the gradient of a segment's values to that of its patch. */
INLINE void LANED(linear_scatter)(TYPED(workspace) *w, const TYPED(segment) *s, const int rank,
                                  const VECTOR *restrict grad)
{
    const ptrdiff_t row = s->size[0], slice = s->size[0] * s->size[1];
    for (ptrdiff_t p = s->first; p < s->first + s->count; ++p) {
        const REAL x = w->frac[0][p], y = w->frac[1][p], z = rank == 3 ? w->frac[2][p] : 0;
        for (int k = 0; k < rank - 1; ++k) {
            VECTOR *to = (VECTOR *)w->patch_grad + w->offset[p] + k * slice;
            const REAL weight_z = rank == 2 ? 1 : k ? z : 1 - z;
            const VECTOR upper = grad[p] * (weight_z * (1 - y)), lower = grad[p] * (weight_z * y);
            to[0] += upper * (1 - x);
            to[1] += upper * x;
            to[row] += lower * (1 - x);
            to[row + 1] += lower * x;
        }
    }
}

/* From the gradient of a segment's values to that of its points' coordinates. */
INLINE void LANED(linear_coordinate_grads)(TYPED(workspace) *restrict w, const TYPED(segment) *s,
                                           const int rank, const VECTOR *restrict grad)
{
    const VECTOR *restrict patch = (const VECTOR *)w->patch;
    const ptrdiff_t row = s->size[0], slice = s->size[0] * s->size[1], last = s->first + s->count;
#if LANES == 1
#pragma omp simd
#endif
    for (ptrdiff_t p = s->first; p < last; ++p) {
        const REAL x = w->frac[0][p], y = w->frac[1][p];
        const VECTOR *pixel = patch + w->offset[p];
        VECTOR along_x = LANED(blend)(pixel[1] - pixel[0], pixel[row + 1] - pixel[row], y);
        VECTOR along_y = LANED(blend)(pixel[row] - pixel[0], pixel[row + 1] - pixel[1], x);
        if (rank == 3) {
            const VECTOR *behind = pixel + slice;
            const REAL z = w->frac[2][p];
            const VECTOR along_z = LANED(on_plane)(behind, row, x, y) - LANED(on_plane)(pixel, row, x, y);
            along_x = LANED(blend)(along_x,
                                   LANED(blend)(behind[1] - behind[0], behind[row + 1] - behind[row], y), z);
            along_y = LANED(blend)(along_y,
                                   LANED(blend)(behind[row] - behind[0], behind[row + 1] - behind[1], x), z);
            LANED(add_lanes)(w, 2, p, grad[p] * along_z);
        }
        LANED(add_lanes)(w, 0, p, grad[p] * along_x);
        LANED(add_lanes)(w, 1, p, grad[p] * along_y);
    }
}

INLINE void LANED(cubic_grad)(TYPED(workspace) *w, const TYPED(segment) *s, const int rank,
                              const int wants_patch, const int wants_coords, const VECTOR *restrict grad)
{
    const VECTOR *patch = (const VECTOR *)w->patch;
    VECTOR *patch_grad = (VECTOR *)w->patch_grad;
    const ptrdiff_t row = s->size[0], slice = s->size[0] * s->size[1];
    static const REAL one[4] = {1, 0, 0, 0}, zero[4] = {0};
    for (ptrdiff_t p = s->first; p < s->first + s->count; ++p) {
        const REAL *weight[3] = {w->weight[0] + 4 * p, w->weight[1] + 4 * p,
                                 rank == 3 ? w->weight[2] + 4 * p : one};
        const REAL *slope[3] = {w->slope[0] + 4 * p, w->slope[1] + 4 * p,
                                rank == 3 ? w->slope[2] + 4 * p : zero};
        const VECTOR seed = grad[p];
        VECTOR along_x = {0}, along_y = {0}, along_z = {0};
        for (int k = 0; k < (rank == 3 ? 4 : 1); ++k) {
            VECTOR plane = {0}, plane_x = {0}, plane_y = {0};
            for (int i = 0; i < 4; ++i) {
                const ptrdiff_t first = w->offset[p] + k * slice + i * row;
                if (wants_patch) {
                    const VECTOR row_grad = seed * (weight[2][k] * weight[1][i]);
                    for (int j = 0; j < 4; ++j)
                        patch_grad[first + j] += row_grad * weight[0][j];
                }
                if (wants_coords) {
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
        if (wants_coords) {
            LANED(add_lanes)(w, 0, p, seed * along_x);
            LANED(add_lanes)(w, 1, p, seed * along_y);
            if (rank == 3)
                LANED(add_lanes)(w, 2, p, seed * along_z);
        }
    }
}

/* From the values' gradient to the patch's. */
static void LANED(scatter)(TYPED(workspace) *w, const TYPED(segment) *s, const geometry *g, const REAL *grad)
{
    const VECTOR *seed = (const VECTOR *)grad;
#if LANES == 1 && defined(__GNUC__)
    if (has_corners(g, s->boxed)) {
        TYPED(corners_scatter)(w, s, grad);
        return;
    }
#endif
    memset(w->patch_grad, 0, (size_t)((s->boxed ? 1 : s->count) * volume(s->size)) * sizeof(VECTOR));
    if (g->interpolation == NEAREST)
        for (ptrdiff_t p = s->first; p < s->first + s->count; ++p)
            ((VECTOR *)w->patch_grad)[w->offset[p]] += seed[p];
    else if (g->interpolation == LINEAR && g->rank == 2)
        LANED(linear_scatter)(w, s, 2, seed);
    else if (g->interpolation == LINEAR)
        LANED(linear_scatter)(w, s, 3, seed);
    else if (g->rank == 2)
        LANED(cubic_grad)(w, s, 2, 1, 0, seed);
    else
        LANED(cubic_grad)(w, s, 3, 1, 0, seed);
}

/* From the values' gradient to the coordinates'. */
static void LANED(coordinate_grads)(TYPED(workspace) *w, const TYPED(segment) *s, const geometry *g,
                                    const REAL *grad)
{
    const VECTOR *seed = (const VECTOR *)grad;
#if LANES == 1 && defined(__GNUC__)
    TYPED(segment) rest;
    if (has_corners(g, s->boxed)) {
        rest = TYPED(corners_coordinate_grads)(w, s, grad);
        s = &rest;
    }
#endif
    if (g->interpolation == LINEAR && g->rank == 2)
        LANED(linear_coordinate_grads)(w, s, 2, seed);
    else if (g->interpolation == LINEAR)
        LANED(linear_coordinate_grads)(w, s, 3, seed);
    else if (g->interpolation == CUBIC && g->rank == 2)
        LANED(cubic_grad)(w, s, 2, 0, 1, seed);
    else if (g->interpolation == CUBIC)
        LANED(cubic_grad)(w, s, 3, 0, 1, seed);
}
