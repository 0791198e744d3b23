//! A camera that orbits a point: where things of a scene appear on a picture.
//!
//! World space has x and y along the plane and z up; a scene fills about −1 to 1. Angles are in
//! radians. Nothing here knows a GPU: the same camera places labels on a figure and pixels of a
//! surface.

use serde::{Deserialize, Serialize};

/// An orbiting camera.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// Around the vertical, from the x axis.
    pub yaw: f32,
    /// Above the plane.
    pub pitch: f32,
    /// From the target.
    pub distance: f32,
    /// What it looks at.
    pub target: [f32; 3],
}

/// The vertical angle of view.
const FIELD_OF_VIEW: f32 = 0.52;
/// Straight up or down has no yaw.
const STEEPEST: f32 = 1.553;
const NEAREST: f32 = 1.2;
const FARTHEST: f32 = 40.0;

impl Default for Camera {
    /// From the front right, a third up, everything in view.
    fn default() -> Self {
        Self {
            yaw: -1.05,
            pitch: 0.52,
            distance: 5.9,
            target: [0.0, 0.0, -0.12],
        }
    }
}

impl Camera {
    /// Turns around the target; angles in radians.
    pub fn orbit(&mut self, yaw: f32, pitch: f32) {
        if yaw.is_finite() && pitch.is_finite() {
            self.yaw = (self.yaw + yaw) % std::f32::consts::TAU;
            self.pitch = (self.pitch + pitch).clamp(-STEEPEST, STEEPEST);
        }
    }

    /// Comes `factor` times nearer.
    pub fn zoom(&mut self, factor: f32) {
        if factor.is_finite() && factor > 0.0 {
            self.distance = (self.distance / factor).clamp(NEAREST, FARTHEST);
        }
    }

    /// Moves target and camera sideways, in heights of the picture.
    pub fn pan(&mut self, right: f32, up: f32) {
        let (r, u, _) = self.axes();
        let height = 2.0 * self.distance * (0.5 * FIELD_OF_VIEW).tan();
        for i in 0..3 {
            let moved = self.target[i] + height * (right * r[i] + up * u[i]);
            if moved.is_finite() {
                self.target[i] = moved.clamp(-3.0, 3.0);
            }
        }
    }

    /// Where the camera stands.
    pub fn eye(&self) -> [f32; 3] {
        let (_, _, back) = self.axes();
        std::array::from_fn(|i| self.target[i] + self.distance * back[i])
    }

    /// Right, up and back of the camera, each of length 1.
    fn axes(&self) -> ([f32; 3], [f32; 3], [f32; 3]) {
        let (sy, cy) = self.yaw.sin_cos();
        let (sp, cp) = self.pitch.sin_cos();
        let back = [cp * cy, cp * sy, sp];
        let right = [-sy, cy, 0.0];
        let up = [-sp * cy, -sp * sy, cp];
        (right, up, back)
    }

    /// World to clip space (x right, y up, depth 0 to 1), column by column as WGSL reads it.
    ///
    /// * `aspect`: width over height of the picture.
    pub fn clip_from_world(&self, aspect: f32) -> [[f32; 4]; 4] {
        let (right, up, back) = self.axes();
        let eye = self.eye();
        let dot = |a: [f32; 3]| -(a[0] * eye[0] + a[1] * eye[1] + a[2] * eye[2]);
        let aspect = if aspect.is_finite() && aspect > 0.0 {
            aspect
        } else {
            1.0
        };
        let focal = 1.0 / (0.5 * FIELD_OF_VIEW).tan();
        // A narrow picture shows the whole width instead of the whole height.
        let (fx, fy) = if aspect < 1.0 {
            (focal, focal * aspect)
        } else {
            (focal / aspect, focal)
        };
        let (near, far) = (0.1, 100.0);
        let depth = far / (near - far);
        let column = |i: usize| [fx * right[i], fy * up[i], depth * back[i], -back[i]];
        [
            column(0),
            column(1),
            column(2),
            [
                fx * dot(right),
                fy * dot(up),
                depth * dot(back) + near * depth,
                -dot(back),
            ],
        ]
    }

    /// Where a point appears: x and y in pixels from the top left, and its depth; `None` behind the
    /// camera.
    pub fn project(&self, point: [f32; 3], (width, height): (f32, f32)) -> Option<(f32, f32, f32)> {
        let m = self.clip_from_world(width / height.max(1e-6));
        let clip: [f32; 4] = std::array::from_fn(|row| {
            m[0][row] * point[0] + m[1][row] * point[1] + m[2][row] * point[2] + m[3][row]
        });
        let [x, y, z, w] = clip;
        (w > 1e-6).then(|| {
            (
                (0.5 + 0.5 * x / w) * width,
                (0.5 - 0.5 * y / w) * height,
                z / w,
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_target_is_in_the_middle_however_the_camera_was_moved(
            yaw in -9.0..9.0_f32, pitch in -3.0..3.0_f32, zoom in 0.01..50.0_f32,
            right in -2.0..2.0_f32, up in -2.0..2.0_f32, width in 1.0..4000.0_f32, height in 1.0..4000.0_f32,
        ) {
            let mut camera = Camera::default();
            camera.orbit(yaw, pitch);
            camera.zoom(zoom);
            camera.pan(right, up);
            let (x, y, depth) = camera.project(camera.target, (width, height)).unwrap();
            prop_assert!((x - width / 2.0).abs() < 1e-2 * width && (y - height / 2.0).abs() < 1e-2 * height);
            prop_assert!((0.0..1.0).contains(&depth));
            let eye = camera.eye();
            let away = (0..3).map(|i| (eye[i] - camera.target[i]).powi(2)).sum::<f32>().sqrt();
            prop_assert!((away / camera.distance - 1.0).abs() < 1e-4);
        }

        #[test]
        fn a_higher_point_appears_higher(pitch in -1.2..1.2_f32, yaw in -3.0..3.0_f32) {
            let mut camera = Camera { pitch: 0.0, ..Camera::default() };
            camera.orbit(yaw, pitch);
            let size = (800.0, 600.0);
            let low = camera.project([0.0, 0.0, 0.0], size).unwrap();
            let high = camera.project([0.0, 0.0, 0.3], size).unwrap();
            prop_assert!(high.1 < low.1);
        }
    }

    #[test]
    fn numbers_that_are_none_move_nothing() {
        let mut camera = Camera::default();
        camera.orbit(f32::NAN, 0.1);
        camera.zoom(f32::INFINITY);
        camera.pan(f32::NAN, f32::NAN);
        assert_eq!(camera, Camera::default());
        assert!(camera.project([0.0; 3], (0.0, 0.0)).is_some());
    }
}
