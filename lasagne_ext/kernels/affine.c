/*
 * Affine transformation fused with bilinear sampling: Jaderberg et al. (2015), equations 1, 3, 5
 * and 6. The grid is never in memory: coordinates are made chunk by chunk, once for all channels.
 */
#include "common.h"

/*
 * x = centre + row[0] (j - out centre) + row[1] (i - out centre) + row[2], in pixels. Written around
 * the centres so that the identity gives whole numbers exactly, for either meaning of the corners.
 */
typedef struct { double x[3], y[3]; } pixel_map;

/* Pixels of the input per pixel of the output along an axis of the latter. */
static double ratio(ptrdiff_t in, ptrdiff_t out, int align_corners)
{
    if (align_corners)
        return out > 1 ? (double)(in - 1) / (double)(out - 1) : 0;
    return (double)in / (double)out;
}

/* d pixel / d theta: a row of factors for x and one for y. */
static pixel_map theta_scale(const geometry *g)
{
    const int corners = g->align_corners;
    pixel_map scale;
    scale.x[0] = ratio(g->columns, g->out_columns, corners);
    scale.x[1] = ratio(g->columns, g->out_rows, corners);
    scale.x[2] = (double)(g->columns - corners) / 2;
    scale.y[0] = ratio(g->rows, g->out_columns, corners);
    scale.y[1] = ratio(g->rows, g->out_rows, corners);
    scale.y[2] = (double)(g->rows - corners) / 2;
    return scale;
}

static pixel_map to_pixels(const double *theta, const geometry *g)
{
    pixel_map map = theta_scale(g);
    for (int k = 0; k < 3; ++k) {
        map.x[k] *= theta[k];
        map.y[k] *= theta[3 + k];
    }
    return map;
}

static void row_coordinates(const pixel_map *map, const geometry *g, ptrdiff_t row, ptrdiff_t start,
                            ptrdiff_t count, double *restrict xs, double *restrict ys)
{
    const double out_centre = (double)(g->out_columns - 1) / 2;
    const double below = (double)row - (double)(g->out_rows - 1) / 2;
    const double x_row = map->x[1] * below + map->x[2] + (double)(g->columns - 1) / 2;
    const double y_row = map->y[1] * below + map->y[2] + (double)(g->rows - 1) / 2;
    for (ptrdiff_t p = 0; p < count; ++p) {
        const double right = (double)(start + p) - out_centre;
        xs[p] = map->x[0] * right + x_row;
        ys[p] = map->y[0] * right + y_row;
    }
}

#define REAL float
#define SUFFIX f32
#include "bilinear.h"
#include "affine_typed.h"
#undef REAL
#undef SUFFIX

#define REAL double
#define SUFFIX f64
#include "bilinear.h"
#include "affine_typed.h"
