/* ingot.h - the types that every generated library shares with its caller.
 *
 * Frozen C ABI, C99 and C++: types, enumerators and small static functions, nothing to link with. A value once
 * published here never changes its number, layout or meaning; new ones are added at the end.
 */
#ifndef INGOT_INGOT_H
#define INGOT_INGOT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- status ---------------------------------------------------------------------------------------------- */

typedef enum ingot_status {
  INGOT_OK = 0,
  INGOT_INVALID_ARGUMENT = 1, /* null pointer, misaligned memory, object not initialised, index out of range */
  INGOT_SHAPE_MISMATCH = 2,   /* an element count or dimension differs from what the shapes say */
  INGOT_LIMIT_EXCEEDED = 3,   /* a dimension beyond the compiled bounds, or a size that overflows */
  INGOT_NEED_WORKSPACE = 4,   /* the memory given is too small; `expected` is the bytes that are needed */
  INGOT_UNSUPPORTED_CPU = 5,  /* no kernel set of the library runs on this processor */
  INGOT_DEVICE_ERROR = 6,     /* the accelerator's driver reported an error; `actual` is its code */
  INGOT_BAD_MODEL_DATA = 7,   /* the weight file is missing, truncated or of another model */
  INGOT_BAD_INPUT_DATA = 8,   /* an input's contents are outside the operator's domain (e.g. an index that is
                                  written to; one that is read is clamped) */
  INGOT_INTERNAL_ERROR = 9
} ingot_status;

static inline const char *ingot_status_name(ingot_status status) {
  switch (status) {
  case INGOT_OK: return "ok";
  case INGOT_INVALID_ARGUMENT: return "invalid argument";
  case INGOT_SHAPE_MISMATCH: return "shape mismatch";
  case INGOT_LIMIT_EXCEEDED: return "limit exceeded";
  case INGOT_NEED_WORKSPACE: return "need workspace";
  case INGOT_UNSUPPORTED_CPU: return "unsupported CPU";
  case INGOT_DEVICE_ERROR: return "device error";
  case INGOT_BAD_MODEL_DATA: return "bad model data";
  case INGOT_BAD_INPUT_DATA: return "bad input data";
  case INGOT_INTERNAL_ERROR: return "internal error";
  }
  return "unknown status";
}

/* What went wrong. Every function takes a pointer to one, or 0. After a success its status is INGOT_OK and its
 * text empty. */
typedef struct ingot_error {
  ingot_status status;
  int32_t axis;     /* dimension of `name`, or -1 */
  int64_t expected; /* the value that would have been accepted (a bound, a count, bytes), or 0 */
  int64_t actual;   /* the value that was given, or 0 */
  const char *name; /* the input, output, dimension or object in question; static storage, never 0 */
  char text[224];   /* one line for a person, always terminated */
} ingot_error;

/* ---- memory ---------------------------------------------------------------------------------------------- */

/* What N_query returns: bytes that the caller provides, and the alignment of both blocks. */
typedef struct ingot_sizes {
  size_t workspace; /* for N_context_init */
  size_t state;     /* for N_state_init; 0 without state */
  size_t align;     /* a power of two */
} ingot_sizes;

/* ---- threads --------------------------------------------------------------------------------------------- */

/* Work on the contiguous range [begin, end). */
typedef void (*ingot_task)(void *arg, int64_t begin, int64_t end);

/* Runs tasks in parallel. A library makes no threads by itself: without an executor it runs on the calling
 * thread. `parallel_for` divides [0, count) into contiguous ranges that together cover it exactly once, calls
 * task(arg, begin, end) for each from any thread, and returns after all have ended. How it divides never
 * changes a result. ingot::pool (ingot/pool.h) is one. */
typedef struct ingot_executor {
  int32_t threads; /* at most this many ranges run at once; 1 or less means serial */
  void *user;      /* first argument of parallel_for */
  void (*parallel_for)(void *user, int64_t count, ingot_task task, void *arg);
} ingot_executor;

/* ---- elements -------------------------------------------------------------------------------------------- */

/* Element types; the numbers are ONNX's TensorProto.DataType. */
typedef enum ingot_dtype {
  INGOT_UNDEFINED = 0,
  INGOT_F32 = 1,
  INGOT_U8 = 2,
  INGOT_I8 = 3,
  INGOT_U16 = 4,
  INGOT_I16 = 5,
  INGOT_I32 = 6,
  INGOT_I64 = 7,
  INGOT_STRING = 8,
  INGOT_BOOL = 9, /* one byte, 0 or 1 */
  INGOT_F16 = 10,
  INGOT_F64 = 11,
  INGOT_U32 = 12,
  INGOT_U64 = 13,
  INGOT_C64 = 14,
  INGOT_C128 = 15,
  INGOT_BF16 = 16,
  INGOT_F8E4M3FN = 17,
  INGOT_F8E4M3FNUZ = 18,
  INGOT_F8E5M2 = 19,
  INGOT_F8E5M2FNUZ = 20,
  INGOT_U4 = 21, /* sub-byte types are packed, first element in the low bits */
  INGOT_I4 = 22,
  INGOT_F4E2M1 = 23,
  INGOT_F8E8M0 = 24,
  INGOT_U2 = 25,
  INGOT_I2 = 26
} ingot_dtype;

typedef struct ingot_complex64 {
  float re, im;
} ingot_complex64;

typedef struct ingot_complex128 {
  double re, im;
} ingot_complex128;

/* Bytes of text, not terminated. */
typedef struct ingot_string {
  const char *data;
  size_t size;
} ingot_string;

/* Storage bits of one element; 0 for an unknown type. */
static inline size_t ingot_dtype_bits(ingot_dtype type) {
  switch (type) {
  case INGOT_U2: case INGOT_I2: return 2;
  case INGOT_U4: case INGOT_I4: case INGOT_F4E2M1: return 4;
  case INGOT_U8: case INGOT_I8: case INGOT_BOOL: case INGOT_F8E4M3FN: case INGOT_F8E4M3FNUZ: case INGOT_F8E5M2:
  case INGOT_F8E5M2FNUZ: case INGOT_F8E8M0: return 8;
  case INGOT_U16: case INGOT_I16: case INGOT_F16: case INGOT_BF16: return 16;
  case INGOT_F32: case INGOT_I32: case INGOT_U32: return 32;
  case INGOT_F64: case INGOT_I64: case INGOT_U64: case INGOT_C64: return 64;
  case INGOT_C128: return 128;
  case INGOT_STRING: return sizeof(ingot_string) * 8;
  case INGOT_UNDEFINED: break;
  }
  return 0;
}

/* ---- spans ----------------------------------------------------------------------------------------------- */

/* ingot_view_T {const T *data; size_t count;} is read, ingot_span_T {T *data; size_t count;} is written.
 * `count` is in elements, for packed types too (their bytes are count * bits / 8, rounded up). `data` needs the
 * alignment of T only and is never touched past its end; it may be 0 when `count` is 0. What is written must not
 * overlap with anything else that the call reads or writes. */
#define INGOT_SPANS(suffix, type)                                                                                 \
  typedef struct ingot_view_##suffix {                                                                            \
    const type *data;                                                                                             \
    size_t count;                                                                                                 \
  } ingot_view_##suffix;                                                                                          \
  typedef struct ingot_span_##suffix {                                                                            \
    type *data;                                                                                                   \
    size_t count;                                                                                                 \
  } ingot_span_##suffix;

INGOT_SPANS(f32, float)
INGOT_SPANS(f64, double)
INGOT_SPANS(f16, uint16_t)  /* IEEE binary16 bits */
INGOT_SPANS(bf16, uint16_t) /* upper half of a binary32 */
INGOT_SPANS(i8, int8_t)
INGOT_SPANS(i16, int16_t)
INGOT_SPANS(i32, int32_t)
INGOT_SPANS(i64, int64_t)
INGOT_SPANS(u8, uint8_t)
INGOT_SPANS(u16, uint16_t)
INGOT_SPANS(u32, uint32_t)
INGOT_SPANS(u64, uint64_t)
INGOT_SPANS(bool, uint8_t)
INGOT_SPANS(c64, ingot_complex64)
INGOT_SPANS(c128, ingot_complex128)
INGOT_SPANS(string, ingot_string)
INGOT_SPANS(f8e4m3fn, uint8_t)
INGOT_SPANS(f8e4m3fnuz, uint8_t)
INGOT_SPANS(f8e5m2, uint8_t)
INGOT_SPANS(f8e5m2fnuz, uint8_t)
INGOT_SPANS(f8e8m0, uint8_t)
INGOT_SPANS(i4, uint8_t) /* packed: two to a byte */
INGOT_SPANS(u4, uint8_t)
INGOT_SPANS(f4e2m1, uint8_t)
INGOT_SPANS(i2, uint8_t) /* packed: four to a byte */
INGOT_SPANS(u2, uint8_t)

/* ---- values whose type or rank is known only at run time ---------------------------------------------------- */

#define INGOT_MAX_RANK 8

/* A dense row-major tensor. */
typedef struct ingot_tensor {
  void *data;
  ingot_dtype dtype;
  int32_t rank;
  int64_t dims[INGOT_MAX_RANK];
} ingot_tensor;

/* An ordered list of tensors, which may differ in shape. As an output `items`, and the data of each item, lie
 * in the workspace until the next run. While a run builds one, `capacity` is the room in `items`; growing means
 * taking a new block of the workspace's tail (ingot/arena.h), never the heap. */
typedef struct ingot_sequence {
  ingot_tensor *items;
  size_t count;
  size_t capacity;
} ingot_sequence;

/* optional(tensor): `value` has exactly one item when present; optional(sequence): any number. */
typedef struct ingot_optional {
  int32_t present;
  ingot_sequence value;
} ingot_optional;

#ifdef __cplusplus
}
#endif

#endif
