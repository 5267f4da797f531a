/*
 * Bilinear sampling at the points of a grid, normalised coordinates (x, y) in [-1, 1]. The grid may
 * be of either floating point type, whatever the image is: coordinates are worked out in double.
 */
#include "common.h"

static void grid_coordinates(const void *grid, int grid_is_double, ptrdiff_t first, ptrdiff_t count,
                             const geometry *g, double *restrict xs, double *restrict ys)
{
    const double x_centre = (double)(g->columns - 1) / 2, y_centre = (double)(g->rows - 1) / 2;
    const double x_scale = (double)(g->columns - g->align_corners) / 2;
    const double y_scale = (double)(g->rows - g->align_corners) / 2;
    for (ptrdiff_t p = 0; p < count; ++p) {
        const ptrdiff_t at = 2 * (first + p);
        const double x = grid_is_double ? ((const double *)grid)[at] : ((const float *)grid)[at];
        const double y = grid_is_double ? ((const double *)grid)[at + 1] : ((const float *)grid)[at + 1];
        xs[p] = x_centre + x_scale * x;
        ys[p] = y_centre + y_scale * y;
    }
}

static void store_grid_grad(void *grid_grad, int grid_is_double, ptrdiff_t first, ptrdiff_t count,
                            const geometry *g, const double *restrict x_grad,
                            const double *restrict y_grad)
{
    const double x_scale = (double)(g->columns - g->align_corners) / 2;
    const double y_scale = (double)(g->rows - g->align_corners) / 2;
    for (ptrdiff_t p = 0; p < count; ++p) {
        const ptrdiff_t at = 2 * (first + p);
        if (grid_is_double) {
            ((double *)grid_grad)[at] = x_scale * x_grad[p];
            ((double *)grid_grad)[at + 1] = y_scale * y_grad[p];
        } else {
            ((float *)grid_grad)[at] = (float)(x_scale * x_grad[p]);
            ((float *)grid_grad)[at + 1] = (float)(y_scale * y_grad[p]);
        }
    }
}

#define REAL float
#define SUFFIX f32
#include "bilinear.h"
#include "grid_typed.h"
#undef REAL
#undef SUFFIX

#define REAL double
#define SUFFIX f64
#include "bilinear.h"
#include "grid_typed.h"
